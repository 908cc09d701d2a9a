// Reads an e-ID card by the signing agent on this machine (CryptoSocket with
// TumarCSP). The card's PIN goes to the agent and nowhere else: its field has no
// name, so that no form can send it.
(() => {
  const root = document.querySelector("[data-card]");
  if (!root) return;
  root.hidden = false;
  const form = root.querySelector("[data-card-form]");
  const pin = root.querySelector("[data-card-pin]");
  const group = root.querySelector("[data-card-group]");
  const problem = root.querySelector("[data-card-error]");
  const told = root.querySelector("[data-card-told]");
  const help = root.querySelector("[data-card-help] details");
  const button = form.querySelector("button[type=submit]");
  const words = root.dataset;

  const AUTHENTICATION = 32; // usage of the key that signs people in
  // Codes of Windows' smart cards (winerror.h) and of PKCS #11.
  const NO_CARD = [0x8010000c, 0x80100069, 0xe0, 0xe1];
  const WRONG_PIN = [0x8010006b, 0xa0];
  const BLOCKED = [0x8010006c, 0xa4];

  // Refusals of which the form's own page says more: no cookies, a sign-in that is over.
  const TOLD = [403, 410];

  // Failure carries the sentence for the person.
  class Failure extends Error {
    constructor(say, code) {
      super(say);
      this.say = say;
      this.code = code;
    }
  }

  // open tries the agent's addresses one after the other.
  async function open() {
    for (const address of words.agents.split(" ")) {
      const socket = await new Promise((done) => {
        let s;
        try {
          s = new WebSocket(address);
        } catch {
          done(null);
          return;
        }
        const late = setTimeout(() => { s.close(); done(null); }, 3000);
        s.onopen = () => { clearTimeout(late); done(s); };
        s.onerror = () => { clearTimeout(late); done(null); };
      });
      if (socket) return socket;
    }
    if (help) help.open = true;
    throw new Failure(words.noAgent);
  }

  // Replies may come without an id, so calls go one at a time.
  let count = 0;
  function call(socket, module, name, param) {
    return new Promise((done, refuse) => {
      const late = setTimeout(() => refuse(new Failure(words.failed)), 60000);
      socket.onclose = socket.onerror = () => { clearTimeout(late); refuse(new Failure(words.failed)); };
      socket.onmessage = (event) => {
        clearTimeout(late);
        let reply;
        try {
          reply = JSON.parse(event.data);
        } catch {
          refuse(new Failure(words.failed));
          return;
        }
        const response = parsed(reply.response);
        if (String(reply.result) === "true") {
          done(response);
          return;
        }
        const code = Number(reply.code) >>> 0;
        let say = words.failed;
        if (NO_CARD.includes(code)) say = words.noCard;
        if (BLOCKED.includes(code)) say = words.blocked;
        if (WRONG_PIN.includes(code)) {
          const left = response && response.tries;
          say = left > 0 ? words.wrongLeft.replace("{n}", left) : words.wrong;
        }
        refuse(new Failure(say, code));
      };
      count += 1;
      socket.send(JSON.stringify({ TumarCSP: module, Function: name, Param: { ...param, id: "REQ_" + count } }));
    });
  }

  // parsed is the response, which some versions hand over as JSON in a string.
  function parsed(response) {
    if (typeof response !== "string" || !/^\s*[[{]/.test(response)) return response;
    try {
      return JSON.parse(response);
    } catch {
      return response;
    }
  }

  const bare = (text) => String(text).replace(/-----[^-]*-----/g, "").replace(/[^A-Za-z0-9+/=]/g, "");

  async function ask() {
    let answer;
    try {
      answer = await fetch(words.challenge, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    } catch {
      throw new Failure(words.noServer);
    }
    if (TOLD.includes(answer.status)) throw new Failure(words.noServer, TOLD);
    if (!answer.ok) throw new Failure(words.noServer);
    return answer.json();
  }

  async function read(pass) {
    told.textContent = words.searching;
    const socket = await open();
    try {
      told.textContent = words.reading;
      await call(socket, "SYSAPI", "SetAPIKey", { apiKey: words.key });
      const profiles = await call(socket, "BaseAPI", "LoadProfileFromTokens", {});
      if (!Array.isArray(profiles) || profiles.length === 0) throw new Failure(words.noCard);
      const profile = profiles[0].profile;
      const keys = await call(socket, "BaseAPI", "LoadKeyFromProfile", { profile, pass });
      const key = Object.entries(keys || {})
        .filter(([name]) => /^certificate\d*$/.test(name))
        .map(([, value]) => value)
        .find((value) => Number(value.usage) === AUTHENTICATION);
      if (!key) throw new Failure(words.noKey);
      told.textContent = words.signing;
      const challenge = await ask();
      form.elements.challenge.value = challenge.id;
      const param = { profile, pass, sn: key.serialNumber, data: challenge.data, isConvert: true };
      try {
        const signed = await call(socket, "BaseAPI", "Sign", { ...param, detach: true, isCert: true });
        form.elements.pkcs7.value = bare(signed && signed.pkcs7 ? signed.pkcs7 : signed);
      } catch (failure) {
        if (failure.say !== words.failed || socket.readyState !== WebSocket.OPEN) throw failure;
        // An agent that makes no messages gives the bare signature.
        form.elements.signature.value = bare(await call(socket, "BaseAPI", "NativeSign", { ...param, hashType: 0 }));
        form.elements.certificate.value = bare(key.certificateBlob);
      }
    } finally {
      socket.onclose = socket.onerror = socket.onmessage = null;
      socket.close();
    }
  }

  function show(sentence) {
    problem.textContent = sentence;
    group.classList.toggle("govuk-form-group--error", sentence !== "");
    pin.classList.toggle("govuk-input--error", sentence !== "");
    if (sentence) pin.setAttribute("aria-invalid", "true");
    else pin.removeAttribute("aria-invalid");
  }

  let busy = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    show("");
    const pass = pin.value.trim();
    if (!/^[0-9]{4}$/.test(pass)) {
      show(words.pinForm);
      pin.focus();
      return;
    }
    busy = true;
    button.disabled = true;
    try {
      await read(pass);
      pin.value = "";
      form.submit();
    } catch (failure) {
      pin.value = "";
      if (failure.code === TOLD) {
        form.submit();
        return;
      }
      busy = false;
      button.disabled = false;
      told.textContent = "";
      show(failure.say || words.failed);
      pin.focus();
    }
  });

  // A page taken back from the browser's memory is as it was: no longer busy.
  window.addEventListener("pageshow", () => {
    busy = false;
    button.disabled = false;
    told.textContent = "";
  });
})();
