// The keyboard of work pages: Ctrl+K search, ? help, Ctrl+Enter sends, / filters,
// n begins what the page is for, 1–9, 0, − and = open its sections, arrows move between rows
// and tiles. A box that is ticked takes no letters: there the keys hold, too.
const typing = (el) => el?.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
const digits = ["Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0", "Minus", "Equal"];
const help = document.getElementById("shortcuts");

for (const button of document.querySelectorAll("[data-shortcuts]")) {
  button.hidden = !help?.showModal;
  button.addEventListener("click", () => help.showModal());
}

document.addEventListener("keydown", (e) => {
  const mod = e.ctrlKey || e.metaKey;
  // By place on the keyboard, too: with Cyrillic letters the key K gives «Л».
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
    // By the button that Enter would press, since a form may have several; but no
    // button that decides something is pressed for the reader.
    const first = [...sent.elements].find((el) => el.type === "submit");
    sent.requestSubmit(first?.name ? null : first);
    return;
  }
  if (e.key === "?" && !mod && !typing(e.target) && help?.showModal && !help.open) {
    e.preventDefault();
    help.showModal();
    return;
  }
  // "/" filters the list, "n" goes to what is done here first: the field or the
  // link that says so, or the first field of the side panel.
  if (!mod && !e.altKey && !typing(e.target) && (e.key === "/" || e.code === "KeyN")) {
    const begin = () => document.querySelector("[data-begin]") ?? document.querySelector(".sn-split__side :is(textarea, input:not([type=hidden]), select)") ?? document.querySelector("main tbody a");
    const target = e.key === "/" ? document.querySelector("[data-filter]") : begin();
    if (!target) return;
    e.preventDefault();
    (target.matches("a, button, input, select, textarea") ? target : target.querySelector("a, button"))?.focus();
    return;
  }
  // The row of digits stands for the sections and lists of the page, in their order.
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

// The form that Ctrl+Enter sends: that of the field in use; with none in use, the one
// that the page is there to fill in, when it is but one.
function formToSend(at) {
  if (at.matches("textarea, input, select")) return at.form;
  if (at.closest("a, button, summary, dialog")) return null;
  const filled = document.querySelectorAll("main form[data-autosave]");
  return filled.length === 1 ? filled[0] : null;
}

// Left and right go to the neighbour, up and down to the nearest tile of another line.
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
