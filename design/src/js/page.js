// Small helps for every page: the error summary, counters, print and share.

// What was refused, or shown once, answers a form, and no page may be kept: going
// back to it or loading it anew would show the browser's own page, in its own
// language, that asks to send the form again. In the history stands the page at that
// address instead. An error page stays: loading that anew sends what did not arrive.
if ("posted" in document.body.dataset && !document.querySelector("[data-error-page]")) history.replaceState(history.state, "", location.href);

const summary = document.querySelector("[data-error-summary]");
if (summary) {
  document.title = `${summary.dataset.errorSummary} ${document.title}`;
  for (const link of summary.querySelectorAll('a[href^="#"]:not([data-labelled])')) {
    const field = document.getElementById(link.hash.slice(1));
    // A group's question stands in its legend, a field's in its label.
    const group = field?.matches("[type=radio], [type=checkbox]") && field.closest("fieldset")?.querySelector("legend");
    const label = (group || field?.labels?.[0])?.cloneNode(true);
    label?.querySelectorAll(".sn-optional").forEach((el) => el.remove());
    const words = label?.textContent.trim();
    if (words) link.prepend(`${words}: `);
  }
  summary.focus();
  // A link to a field puts its label into view, not only the field.
  summary.addEventListener("click", (e) => {
    const field = document.getElementById(e.target.hash?.slice(1));
    if (!field) return;
    e.preventDefault();
    (field.closest("fieldset") ?? field.labels?.[0] ?? field).scrollIntoView();
    field.focus({ preventScroll: true });
  });
}

// What the page before wanted to say stands there when this one comes, and a screen
// reader speaks only what changes: on a citizen's page it has the focus, so that it
// is read, and Tab goes on from there into the page. A field that the page gives the
// focus itself keeps it, and is described by the message first: else who hears the
// page learns nothing of it. A work page has its own order (keys.js).
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
    // Silent until it matters.
    note.textContent = left > limit / 4 ? "" : (left < 0 ? area.dataset.limitOver : area.dataset.limitLeft).replace("#", Math.abs(left));
    note.classList.toggle("sn-limit--over", left < 0);
  };
  area.after(note);
  area.addEventListener("input", count);
  count();
}

// A table of more than two columns becomes a list on a phone. What a style makes
// of the rows must not take them from screen readers: the roles are said aloud.
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

// On a phone the menu and the sections are strips: where the reader is comes into view.
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
