// Keeps what is typed into the text areas of form[data-autosave][id] until it
// was sent. A draft that was sent is dropped by the next page that is not an
// error page: a send that failed loses nothing. Drafts go after a day and at
// sign-out, since a ward's computer has many users.
const prefix = "draft:";
const day = 24 * 60 * 60 * 1000;
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
  const failed = document.querySelector("[data-error-page], [data-error-summary]");

  for (const key of drafts()) {
    const draft = read(key);
    if (!draft || Date.now() - draft.at > day || (draft.sent && !failed)) store.removeItem(key);
  }
  for (const form of document.querySelectorAll("form[data-sign-out]")) {
    form.addEventListener("submit", () => drafts().forEach((key) => store.removeItem(key)));
  }

  for (const form of document.querySelectorAll("form[data-autosave][id]")) {
    const key = `${prefix}${location.pathname}#${form.id}`;
    const areas = [...form.querySelectorAll("textarea[name]")];
    const blank = areas.map((area) => area.value);
    const save = (sent) => {
      if (areas.every((area, i) => area.value === blank[i])) return store.removeItem(key);
      const values = Object.fromEntries(areas.map((area) => [area.name, area.value]));
      try {
        store.setItem(key, JSON.stringify({ at: Date.now(), sent, values }));
      } catch {
        // full: typing must go on
      }
    };
    const draft = read(key);
    if (draft && areas.some((area) => area.value === "" && draft.values[area.name])) {
      for (const area of areas) {
        if (area.value === "" && draft.values[area.name]) area.value = draft.values[area.name];
      }
      notice(form, areas, blank, key);
    }
    let timer = 0;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => save(false), 400);
    });
    form.addEventListener("submit", () => {
      clearTimeout(timer);
      save(true);
    });
    addEventListener("pagehide", () => {
      if (!read(key)?.sent) save(false);
    });
  }

  function notice(form, areas, blank, key) {
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
      areas.forEach((area, i) => (area.value = blank[i]));
      store.removeItem(key);
      box.remove();
      areas[0].focus();
    });
    body.append(text, discard);
    box.append(body);
    form.prepend(box);
  }
}
