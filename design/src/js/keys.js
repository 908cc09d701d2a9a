// The keyboard of work pages: Ctrl+K search, ? help, Ctrl+Enter sends, / filters,
// n begins a new entry, arrows move between rows and tiles.
const typing = (el) => el?.matches?.("input, textarea, select, [contenteditable]");
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
  if (mod && e.key === "Enter" && e.target.form && e.target.matches("textarea, input")) {
    e.preventDefault();
    e.target.form.requestSubmit();
    return;
  }
  if (e.key === "?" && !mod && !typing(e.target) && help?.showModal && !help.open) {
    e.preventDefault();
    help.showModal();
    return;
  }
  // "/" filters the list, "n" begins what the side panel is for.
  if (!mod && !e.altKey && !typing(e.target) && (e.key === "/" || e.code === "KeyN")) {
    const target = document.querySelector(e.key === "/" ? "[data-filter]" : ".sn-split__side :is(textarea, input:not([type=hidden]), select)");
    if (!target) return;
    e.preventDefault();
    target.focus();
    return;
  }
  if (!["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"].includes(e.key) || mod || e.altKey || e.shiftKey || typing(e.target)) return;
  const board = e.target.closest("[data-arrows]");
  if (board) return tiles(e, [...board.querySelectorAll(board.dataset.arrows)].filter((tile) => tile.href));
  const row = e.target.closest("tbody tr");
  if (row && e.key.match(/Down|Up/)) rows(e, row);
});

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
    const target = next.cells[cell.cellIndex]?.querySelector("a, button") ?? next.querySelector("a, button");
    if (!target) continue;
    e.preventDefault();
    target.focus();
    return;
  }
}
