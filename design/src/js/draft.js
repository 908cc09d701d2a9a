// Keeps what is typed into the text areas of form[data-autosave][id] until it
// was received: the page that its sending led to, by a redirect, drops it. What was
// sent into a cut line, or refused, is a draft again; a form that the server shows
// anew with what was typed is the draft from then on. Drafts go after a day and at
// sign-out, since a ward's computer has many users. A form with data-draft-url
// sends its draft there, too, so that another computer can go on with it; what
// this browser holds wins only when it is newer than data-draft-saved. With
// data-autosave="all" every field is kept, and data-draft-version says what the
// server has: a draft of that version was never received, however it was sent,
// and comes back; one of another is past. A draft is
// its writer's: when somebody else is signed in, however the writer left, it goes
// before anybody sees it.
const prefix = "draft:";
const minute = 60 * 1000;
const day = 24 * 60 * minute;
const store = (() => {
  try {
    localStorage.setItem(prefix, "");
    localStorage.removeItem(prefix);
    return localStorage;
  } catch {
    return null; // forbidden by the browser
  }
})();

if (store) {
  const read = (key) => {
    try {
      return JSON.parse(store.getItem(key));
    } catch {
      return null;
    }
  };
  const drafts = () => Object.keys(store).filter((key) => key.startsWith(prefix));
  const who = document.body.dataset.draftOf; // nothing on a page for nobody
  const failed = document.querySelector("[data-error-page], [data-error-summary]");
  const tab = (() => {
    const id = sessionStorage.getItem("draft-tab") ?? Math.random().toString(36).slice(2);
    sessionStorage.setItem("draft-tab", id);
    return id;
  })();

  // How one came here. The page that a sending led to began to load when it was sent;
  // a page that was reloaded after a cut line sends again. By this computer's clock of
  // now: the time at which a page began is wrong after a sleep.
  const way = performance.getEntriesByType("navigation")[0];
  const began = Date.now() - performance.now();
  const led = (draft) => way?.type === "reload" || (way?.type === "navigate" && Math.abs(began - draft.at) < 2000);
  const received = (draft) => !failed && draft.tab === tab && (!way || (way.redirectCount > 0 && led(draft)));
  const shownAnew = (draft) => draft.tab === tab && !document.querySelector("[data-error-page]") && way?.redirectCount === 0 && draft.action === location.pathname && led(draft);

  // What was sent and answered with an error page was not received: the session had
  // ended, the server was away. It waits as a draft, and who signs in again comes
  // back to it.
  if (document.querySelector("[data-error-page]")) {
    for (const key of drafts()) {
      const draft = read(key);
      if (!draft?.sent || draft.action !== location.pathname) continue;
      store.setItem(key, JSON.stringify({ ...draft, sent: false }));
      const again = document.querySelector('[data-again="page"]');
      if (again) again.href = draft.page;
      const signIn = document.querySelector('[data-again="sign-in"]')?.href;
      for (const link of document.links) { // in the head of the page, too
        if (link.href === signIn) link.href = `${link.pathname}?next=${encodeURIComponent(draft.page)}`;
      }
      const words = document.createElement("p");
      words.className = "govuk-body";
      words.textContent = document.body.dataset.draftSafe;
      document.querySelector("[data-error-page] h1").after(words);
    }
  }

  const anews = new Map(); // by form: where its draft is, which may be another address
  for (const key of drafts()) {
    const draft = read(key);
    if (!draft || Date.now() - draft.at > day || (who && draft.who !== who)) {
      store.removeItem(key);
      continue;
    }
    // Another tab may still wait for its answer.
    if (!draft.sent || draft.version !== undefined || (draft.tab !== tab && Date.now() - draft.at < minute)) continue;
    if (received(draft)) {
      store.removeItem(key);
      continue;
    }
    store.setItem(key, JSON.stringify({ ...draft, sent: false }));
    if (shownAnew(draft)) anews.set(key.slice(key.indexOf("#") + 1), { key, page: draft.page });
  }
  for (const form of document.querySelectorAll("form[data-sign-out]")) {
    form.addEventListener("submit", () => drafts().forEach((key) => store.removeItem(key)));
  }

  for (const form of document.querySelectorAll("form[data-autosave][id]")) {
    const anew = anews.get(form.id); // what the server shows was typed before
    const key = anew?.key ?? `${prefix}${location.pathname}#${form.id}`;
    const all = form.dataset.autosave === "all";
    const version = form.dataset.draftVersion;
    const areas = [...form.querySelectorAll(all ? "textarea[name], select[name], input[name]:not([type=hidden], [type=password], [type=file]), input[data-combobox-value]" : "textarea[name]")];
    const ticked = (area) => area.type === "checkbox" || area.type === "radio";
    const get = (area) => (ticked(area) ? (area.checked ? "1" : "") : area.value);
    const set = (area, value) => {
      if (ticked(area)) area.checked = value === "1";
      else area.value = value;
      if (area.matches("[data-combobox-value]")) area.closest("[data-combobox]").classList.toggle("sn-combobox__chosen", value !== "");
    };
    // Several boxes and fields have one name: each keeps its own.
    const called = (area) => {
      if (ticked(area)) return `${area.name}=${area.value}`;
      const i = areas.filter((other) => other.name === area.name).indexOf(area);
      return i > 0 ? `${area.name}#${i}` : area.name;
    };
    const blank = areas.map(get);
    let typed = false; // here: another tab with the same form may hold the draft
    const save = (sent, action) => {
      if (!anew && areas.every((area, i) => get(area) === blank[i])) return typed && store.removeItem(key);
      const values = Object.fromEntries(areas.map((area) => [called(area), get(area)]));
      try {
        const page = anew?.page ?? location.pathname + location.search;
        store.setItem(key, JSON.stringify({ at: Date.now(), sent, tab, who, version, page, action: new URL(action || form.getAttribute("action") || "", location.href).pathname, values }));
      } catch {
        // full: typing must go on
      }
    };
    let draft = read(key);
    if (draft && draft.version !== version) {
      store.removeItem(key);
      draft = null;
    }
    if (draft?.sent && draft.version === undefined) draft = null; // another tab's, on its way
    if (anew) {
      save(false);
      draft = null;
    }
    const saved = form.dataset.draftSaved;
    const newer = draft && (saved ? draft.at > Number(saved) : all);
    const kept = (area) => draft?.values[called(area)];
    const wanted = (area) => (all ? kept(area) !== undefined : kept(area)) && (get(area) === "" || newer) && get(area) !== kept(area);
    if (areas.some(wanted)) {
      for (const area of areas.filter(wanted)) set(area, kept(area));
      typed = true;
      form.closest("details")?.setAttribute("open", "");
      notice(form, areas, () => areas.forEach((area, i) => set(area, blank[i])), key);
    }
    const send = form.dataset.draftUrl && sender(form);
    let timer = 0;
    let sent = false; // and nothing typed since
    const note = () => {
      typed = true;
      sent = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        save(false);
        send?.();
      }, 400);
    };
    form.addEventListener("input", note);
    // A suggestion that was chosen is not typed. A field that is left because its
    // form was sent says that it has changed, too, and would be a draft again.
    form.addEventListener("change", () => sent || note());
    form.addEventListener("submit", (e) => {
      sent = true;
      clearTimeout(timer);
      send?.stop();
      save(true, e.submitter?.getAttribute("formaction"));
    });
    addEventListener("pagehide", () => {
      if (!read(key)?.sent) save(false);
    });
  }

  // sender gives a function that sends the form's draft a second after it was
  // last called, one at a time, and says on the form how it went.
  function sender(form) {
    const state = form.querySelector("[data-draft-state]");
    let timer = 0;
    let busy = false;
    let stopped = false;
    const go = async () => {
      if (busy || stopped) return;
      busy = true;
      const body = new URLSearchParams(new FormData(form));
      body.set("quiet", "1");
      try {
        const answer = await fetch(form.dataset.draftUrl, { method: "POST", body, redirect: "manual", keepalive: true });
        // Refused, not unheard: the session has ended, or another tab of the same
        // person has begun another text. This browser keeps this one.
        const why = { 401: form.dataset.draftSignedOut, 409: form.dataset.draftElsewhere }[answer.status];
        if (!answer.ok && !why) throw new Error(answer.status);
        if (state && !stopped) state.textContent = why ?? form.dataset.draftKept.replace("#", new Date().toTimeString().slice(0, 5));
      } catch {
        if (state && !stopped) state.textContent = form.dataset.draftOffline;
        clearTimeout(timer);
        timer = setTimeout(go, 15000);
      }
      busy = false;
    };
    const call = () => {
      clearTimeout(timer);
      timer = setTimeout(go, 1000);
    };
    call.stop = () => {
      stopped = true;
      clearTimeout(timer);
    };
    return call;
  }

  function notice(form, areas, clear, key) {
    const words = document.body.dataset;
    const box = document.createElement("div");
    box.className = "sn-notice sn-notice--info";
    box.setAttribute("role", "status");
    const body = document.createElement("div");
    body.className = "sn-notice__body";
    const text = document.createElement("p");
    text.textContent = words.draftRestored;
    const discard = document.createElement("button");
    discard.type = "button";
    discard.className = "govuk-button govuk-button--secondary";
    discard.textContent = words.draftDiscard;
    discard.addEventListener("click", () => {
      clear();
      store.removeItem(key);
      box.remove();
      areas[0].focus();
    });
    body.append(text, discard);
    box.append(body);
    form.prepend(box);
  }
}
