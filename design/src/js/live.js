// What stands in [data-live][id] is shown anew while it is there, without the page: what
// has the focus or is being typed stays. Once it has ended, the whole page comes anew.
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
