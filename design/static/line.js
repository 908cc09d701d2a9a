{
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
  document.addEventListener("readystatechange", () => {
    if (document.readyState !== "interactive") return;
    document.querySelector(".sn-body")?.prepend(line);
    connection();
  });
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
  const free = () => {
    clearTimeout(waiting);
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
    connection();
  };
  addEventListener("pagehide", free);
  document.addEventListener("keydown", (e) => e.key === "Escape" && free());
}
