// Keys of the device (WebAuthn): asks ЕСИ for a question, has the device answer
// it, and sends the answer with the form. Without this script the page's other
// ways stand as they are.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => list?.map((each) => ({ ...each, id: bytes(each.id) }));

const ask = async (form) => {
  const response = await fetch(form.dataset.question, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  // Where no cookie is kept, or the sign-in is over, the form's own page says so.
  if (!response.ok) throw Object.assign(new Error("no question"), { told: response.status === 403 || response.status === 410 });
  const { ticket, options } = await response.json();
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (options.user) publicKey.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) publicKey.allowCredentials = named(options.allowCredentials);
  if (options.excludeCredentials) publicKey.excludeCredentials = named(options.excludeCredentials);
  return { ticket, publicKey };
};

// complete brings along the field that the form needs, which may stand in the
// page's other form; false when it is empty: the server says so best.
const complete = (form) => {
  const { needs } = form.dataset;
  if (!needs) return true;
  const field = form.elements.namedItem(needs);
  const other = document.querySelector(`form:not([data-passkey]) [name="${needs}"]`);
  if (other) field.value = other.value;
  return field.value.trim() !== "";
};

const send = (form, ticket, key) => {
  const response = { clientDataJSON: text(key.response.clientDataJSON) };
  if (key.response.attestationObject) {
    response.attestationObject = text(key.response.attestationObject);
    response.transports = key.response.getTransports?.() ?? [];
  } else {
    response.authenticatorData = text(key.response.authenticatorData);
    response.signature = text(key.response.signature);
    if (key.response.userHandle) response.userHandle = text(key.response.userHandle);
  }
  form.elements.ticket.value = ticket;
  form.elements.answer.value = JSON.stringify({
    id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: key.getClientExtensionResults(),
    authenticatorAttachment: key.authenticatorAttachment ?? undefined,
  });
  const remember = document.querySelector('form:not([data-passkey]) [name=remember]');
  if (remember && form.elements.remember) form.elements.remember.value = remember.checked ? "1" : "";
  form.submit();
};

let waiting; // for a key chosen at the field of the ПИН

const offer = async (form) => {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  try {
    const { ticket, publicKey } = await ask(form);
    const key = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: waiting.signal });
    if (key) send(form, ticket, key);
  } catch {
    // Nothing was chosen: the button stands there still.
  }
};

if (window.PublicKeyCredential && navigator.credentials) {
  for (const none of document.querySelectorAll("[data-passkey-none]")) none.hidden = true;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    const words = form.querySelector("[role=alert]");
    form.addEventListener("submit", async (e) => {
      e.preventDefault();
      waiting?.abort();
      words.textContent = "";
      if (!complete(form)) return form.submit();
      try {
        const { ticket, publicKey } = await ask(form);
        const make = form.dataset.passkey === "make";
        const key = await navigator.credentials[make ? "create" : "get"]({ publicKey });
        send(form, ticket, key);
      } catch (error) {
        if (error.told) return form.submit();
        words.textContent = error.name === "InvalidStateError" ? words.dataset.passkeyKnown : words.dataset.passkeyFailed;
      }
    });
    if ("offered" in form.dataset) offer(form);
  }
}
