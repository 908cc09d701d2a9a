// combobox.js
{
let count = 0;

for (const box of document.querySelectorAll("[data-combobox]")) {
  const input = box.querySelector("input[type=text]");
  const value = box.querySelector("[data-combobox-value]");
  const id = `combobox-${++count}`;
  let options = [];
  let active = -1;
  let timer = 0;
  let asked = 0;

  const list = document.createElement("ul");
  list.id = id;
  list.className = "sn-combobox__list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.dataset.list);
  list.hidden = true;
  const status = document.createElement("div");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  box.append(list, status);

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", id);

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = () => box.classList.toggle("sn-combobox__chosen", value.value !== "");
  const choose = (option) => {
    clearTimeout(timer);
    asked++;
    input.value = option.label;
    value.value = option.value;
    mark();
    close();
    value.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const move = (i) => {
    active = i;
    [...list.children].forEach((li, n) => li.setAttribute("aria-selected", String(n === i)));
    const li = list.children[i];
    if (!li) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", li.id);
    li.scrollIntoView({ block: "nearest" });
  };
  const say = (words) => {
    status.textContent = words;
  };
  const note = (words) => {
    const li = document.createElement("li");
    li.className = "sn-combobox__status";
    li.setAttribute("role", "presentation");
    li.textContent = words;
    list.replaceChildren(li);
    list.hidden = false;
    say(words);
  };
  const show = () => {
    active = -1;
    if (!options.length) return note(box.dataset.none);
    list.replaceChildren(...options.map((o, i) => {
      const li = document.createElement("li");
      li.id = `${id}-${i}`;
      li.className = "sn-combobox__option";
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", "false");
      const label = document.createElement("span");
      label.textContent = o.label;
      li.append(label);
      if (o.hint) {
        const hint = document.createElement("span");
        hint.className = "sn-combobox__hint";
        hint.textContent = o.hint;
        li.append(hint);
      }
      li.addEventListener("mousedown", (e) => {
        e.preventDefault();
        choose(o);
      });
      return li;
    }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    say(box.dataset.found.replace("#", options.length));
  };
  const usual = "usual" in box.dataset;
  const ask = async (wanted) => {
    const mine = ++asked;
    const q = input.value.trim();
    if (!q && !(usual && wanted)) return close();
    const url = new URL(box.dataset.combobox, location.href);
    const how = { headers: { Accept: "application/json" } };
    if ("open" in box.dataset) url.searchParams.set("q", q);
    else {
      const body = new URLSearchParams({ words: q });
      for (const name of (box.dataset.with || "").split(" ")) {
        const field = name && input.form?.elements[name];
        if (field) body.set(name, field.value);
      }
      Object.assign(how, { method: "POST", body });
    }
    try {
      const answer = await fetch(url, how);
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (mine !== asked) return;
      const marked = options[active]?.value;
      options = found || [];
      if (!q && !options.length) return close();
      if (document.activeElement === input) {
        show();
        const again = options.findIndex((o) => o.value === marked);
        if (again >= 0) move(again);
      }
    } catch {
      if (mine !== asked) return;
      options = [];
      note(box.dataset.failed);
    }
  };

  input.addEventListener("input", () => {
    value.value = "";
    mark();
    clearTimeout(timer);
    timer = setTimeout(ask, 200, false);
  });
  let taken = false; // the key that is down did something in the list
  input.addEventListener("keydown", (e) => {
    const open = !list.hidden && options.length > 0;
    taken = open && e.key === "Enter";
    switch (e.key) {
      case "ArrowDown":
      case "ArrowUp": {
        e.preventDefault();
        if (!open) return void ask(true);
        const step = e.key === "ArrowDown" ? 1 : -1;
        move((active + step + options.length) % options.length);
        break;
      }
      case "Enter":
        if (taken) {
          e.preventDefault();
          if (active >= 0) choose(options[active]);
          else close();
        }
        break;
      case "Escape":
        if (!list.hidden) {
          e.preventDefault();
          e.stopPropagation();
          close();
        }
        break;
      case "Tab":
        if (open && active >= 0) choose(options[active]);
    }
  });
  input.addEventListener("keypress", (e) => {
    if (taken && e.key === "Enter") e.preventDefault();
  });
  input.addEventListener("click", () => {
    if (usual && list.hidden && !input.value) ask(true);
  });
  input.addEventListener("blur", close);
  mark();
}
}

// draft.js
{
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
  const way = performance.getEntriesByType("navigation")[0];
  const began = Date.now() - performance.now();
  const led = (draft) => way?.type === "reload" || (way?.type === "navigate" && Math.abs(began - draft.at) < 2000);
  const received = (draft) => !failed && draft.tab === tab && (!way || (way.redirectCount > 0 && led(draft)));
  const shownAnew = (draft) => draft.tab === tab && !document.querySelector("[data-error-page]") && way?.redirectCount === 0 && draft.action === location.pathname && led(draft);
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
}

// keys.js
{
const typing = (el) => el?.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
const digits = ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0", "Minus", "Equal"];
const help = document.getElementById("shortcuts");

for (const button of document.querySelectorAll("[data-shortcuts]")) {
  button.hidden = !help?.showModal;
  button.addEventListener("click", () => help.showModal());
}

document.addEventListener("keydown", (e) => {
  const mod = e.ctrlKey || e.metaKey;
  if (mod && !e.altKey && !e.shiftKey && (e.key.toLowerCase() === "k" || e.code === "KeyK")) {
    const search = document.querySelector("[data-search]");
    if (!search) return;
    e.preventDefault();
    search.focus();
    search.select();
    return;
  }
  const sent = mod && e.key === "Enter" && formToSend(e.target);
  if (sent) {
    e.preventDefault();
    const first = [...sent.elements].find((el) => el.type === "submit");
    sent.requestSubmit(first?.name ? null : first);
    return;
  }
  if (e.key === "?" && !mod && !typing(e.target) && help?.showModal && !help.open) {
    e.preventDefault();
    help.showModal();
    return;
  }
  if (!mod && !e.altKey && !typing(e.target) && (e.key === "/" || e.code === "KeyN")) {
    const begin = () => document.querySelector("[data-begin]") ?? document.querySelector(".sn-split__side :is(textarea, input:not([type=hidden]), select)") ?? document.querySelector("main tbody a");
    const target = e.key === "/" ? document.querySelector("[data-filter]") : begin();
    if (!target) return;
    e.preventDefault();
    (target.matches("a, button, input, select, textarea") ? target : target.querySelector("a, button"))?.focus();
    return;
  }
  const place = digits.indexOf(e.code);
  if (place >= 0 && !mod && !e.altKey && !e.shiftKey && !typing(e.target)) {
    document.querySelectorAll(".sn-tabs__link, a.sn-chip")[place]?.click();
    return;
  }
  if (!["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"].includes(e.key) || mod || e.altKey || e.shiftKey || typing(e.target)) return;
  const board = e.target.closest("[data-arrows]");
  if (board) return tiles(e, [...board.querySelectorAll(board.dataset.arrows)].filter((tile) => tile.href));
  const row = e.target.closest("tbody tr");
  if (row && e.key.match(/Down|Up/)) rows(e, row);
});
function formToSend(at) {
  if (at.matches("textarea, input, select")) return at.form;
  if (at.closest("a, button, summary, dialog")) return null;
  const filled = document.querySelectorAll("main form[data-autosave]");
  return filled.length === 1 ? filled[0] : null;
}
function tiles(e, all) {
  const i = all.indexOf(e.target.closest("a"));
  if (i < 0) return;
  let next;
  if (e.key === "ArrowRight") next = all[i + 1];
  else if (e.key === "ArrowLeft") next = all[i - 1];
  else {
    const down = e.key === "ArrowDown";
    const from = all[i].getBoundingClientRect();
    let best = Infinity;
    for (const tile of all) {
      const to = tile.getBoundingClientRect();
      const dy = down ? to.top - from.top : from.top - to.top;
      if (dy < from.height / 2) continue;
      const far = dy * 4 + Math.abs(to.left - from.left);
      if (far < best) [best, next] = [far, tile];
    }
  }
  if (!next) return;
  e.preventDefault();
  next.focus();
}

function rows(e, row) {
  const step = e.key === "ArrowDown" ? "nextElementSibling" : "previousElementSibling";
  const cell = e.target.closest("td, th");
  for (let next = row[step]; next; next = next[step]) {
    const wanted = "a, button, input[type=checkbox]";
    const target = next.cells[cell.cellIndex]?.querySelector(wanted) ?? next.querySelector(wanted);
    if (!target) continue;
    e.preventDefault();
    target.focus();
    return;
  }
}
}

// live.js
{
const region = document.querySelector("[data-live][id]");
const every = 3000; // milliseconds

async function anew() {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null); // no line: at the next turn
  if (!answer?.ok || answer.redirected) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(region.id);
  const at = document.activeElement;
  if (now && !region.contains(at)) region.replaceChildren(...now.childNodes);
  if (!now && !at.matches("input, select, textarea")) location.reload();
}

async function turn() {
  await anew();
  setTimeout(turn, every);
}

if (region) setTimeout(turn, every);
}

// page.js
{
if ("posted" in document.body.dataset && !document.querySelector("[data-error-page]")) history.replaceState(history.state, "", location.href);

const summary = document.querySelector("[data-error-summary]");
if (summary) {
  document.title = `${summary.dataset.errorSummary} ${document.title}`;
  for (const link of summary.querySelectorAll('a[href^="#"]:not([data-labelled])')) {
    const field = document.getElementById(link.hash.slice(1));
    const group = field?.matches("[type=radio], [type=checkbox]") && field.closest("fieldset")?.querySelector("legend");
    const label = (group || field?.labels?.[0])?.cloneNode(true);
    label?.querySelectorAll(".sn-optional").forEach((el) => el.remove());
    const words = label?.textContent.trim();
    if (words) link.prepend(`${words}: `);
  }
  summary.focus();
  summary.addEventListener("click", (e) => {
    const field = document.getElementById(e.target.hash?.slice(1));
    if (!field) return;
    e.preventDefault();
    (field.closest("fieldset") ?? field.labels?.[0] ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}
const message = document.querySelector(".citizen .sn-message");
const first = document.querySelector("[autofocus]");
if (message && !summary && first) {
  first.setAttribute("aria-describedby", `${message.id} ${first.getAttribute("aria-describedby") ?? ""}`.trim());
} else if (message && !summary) {
  message.tabIndex = -1;
  message.focus();
}

for (const area of document.querySelectorAll("textarea[data-limit]")) {
  const limit = Number(area.dataset.limit);
  const note = document.createElement("p");
  note.className = "sn-limit";
  note.setAttribute("aria-live", "polite");
  const count = () => {
    const left = limit - [...area.value].length;
    note.textContent = left > limit / 4 ? "" : (left < 0 ? area.dataset.limitOver : area.dataset.limitLeft).replace("#", Math.abs(left));
    note.classList.toggle("sn-limit--over", left < 0);
  };
  area.after(note);
  area.addEventListener("input", count);
  count();
}
for (const table of document.querySelectorAll("table.sn-table")) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  if (heads.length < 3) continue;
  const role = (el, name) => el.setAttribute("role", name);
  role(table, "table");
  role(table.tHead, "rowgroup");
  role(table.tHead.rows[0], "row");
  for (const head of heads) role(head, "columnheader");
  for (const body of table.tBodies) {
    role(body, "rowgroup");
    for (const row of body.rows) {
      role(row, "row");
      [...row.cells].forEach((cell, i) => {
        role(cell, cell.matches("th") ? "rowheader" : "cell");
        if (!cell.childElementCount && !cell.textContent.trim()) cell.replaceChildren(); // nothing to put a head before
        if (cell.colSpan === 1 && heads[i] && !heads[i].querySelector(".govuk-visually-hidden")) cell.dataset.label = heads[i].textContent.trim();
      });
    }
  }
  table.classList.add("sn-table--stack");
}
for (const link of document.querySelectorAll(".sn-nav__link[aria-current], .sn-tabs__link[aria-current]")) {
  const strip = link.closest("ul");
  strip.addEventListener("scroll", () => strip.classList.toggle("sn-moved", strip.scrollLeft > 0), { passive: true });
  const away = link.getBoundingClientRect().left - strip.getBoundingClientRect().left;
  if (away > strip.clientWidth / 2) strip.scrollLeft += away - strip.clientWidth / 4;
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share && !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const url = new URL(button.dataset.share || location.href, location.href).href;
    try {
      if (navigator.share) return await navigator.share({ title: document.title, url });
      await navigator.clipboard.writeText(url);
    } catch {
      return; // the reader closed the sheet
    }
    const words = button.querySelector("span") ?? button;
    const before = words.textContent;
    words.setAttribute("role", "status");
    words.textContent = button.dataset.shareDone || before;
    setTimeout(() => (words.textContent = before), 3000);
  });
}
}

// password.js
{
for (const box of document.querySelectorAll("[data-password]")) {
  const input = box.querySelector("input");
  const words = box.dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "govuk-button govuk-button--secondary";
  button.setAttribute("aria-controls", input.id);
  const status = document.createElement("span");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  const set = (shown, tell) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? words.hide : words.show;
    const field = input.labels?.[0]?.textContent.trim();
    if (field) button.setAttribute("aria-label", `${button.textContent}: ${field}`);
    if (tell) status.textContent = shown ? words.shown : words.hidden;
  };
  set(false, false);
  button.addEventListener("click", () => set(input.type === "password", true));
  input.form?.addEventListener("submit", () => set(false, false));
  box.append(button, status);
}
}
