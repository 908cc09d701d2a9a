// What the line to the server does: told when it is cut and when a sending is slow,
// and nothing is sent twice. It stands before the styles and runs before any of the
// page is seen: on a slow line app.js comes seconds after the first form can be sent,
// and who sees nothing move presses again.
{
  // The region stands empty from the start: only then do screen readers speak it.
  const line = document.createElement("div");
  line.setAttribute("role", "status");
  const say = (text, kind = "") => {
    const box = document.createElement("div");
    box.className = `sn-notice ${kind}`;
    const words = document.createElement("p");
    words.className = "sn-notice__body";
    words.textContent = text;
    box.append(words);
    line.replaceChildren(box);
  };
  const connection = () => (navigator.onLine ? line.replaceChildren() : say(document.body.dataset.offline, "sn-notice--attention"));
  addEventListener("online", connection);
  addEventListener("offline", connection);
  // DOMContentLoaded would wait for app.js.
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    document.querySelector(".sn-body")?.prepend(line);
    connection();
  });

  // A form whose answer is a file, or opens elsewhere, leaves the page as it is:
  // nobody knows when it has come.
  const [again, patience, slow] = [2_000, 15_000, 1_500]; // milliseconds
  let waiting;
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method !== "post") return;
    const stays = form.matches("[data-file], [target]") || e.submitter?.formTarget;
    if (Date.now() - Number(form.dataset.sent ?? 0) < (stays ? again : patience)) {
      e.preventDefault();
      return;
    }
    form.dataset.sent = String(Date.now());
    clearTimeout(waiting);
    if (!stays) waiting = setTimeout(() => navigator.onLine && say(document.body.dataset.sending), slow);
  });
  // Left, or stopped by the reader: what comes back can be sent again.
  const free = () => {
    clearTimeout(waiting);
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    connection();
  };
  addEventListener("pagehide", free);
  document.addEventListener("keydown", (e) => e.key === "Escape" && free());
}
