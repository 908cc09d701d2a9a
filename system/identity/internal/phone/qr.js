// The page that shows a QR code goes on by itself when the phone has approved.
"use strict";
{
  const box = document.querySelector("[data-qr]");
  const told = document.querySelector("[data-qr-told]");
  const enter = document.querySelector("[data-qr-enter]");
  const until = Date.now() + Number(box.dataset.seconds) * 1000;
  enter.hidden = true;
  const stop = (text) => {
    told.textContent = text;
    box.hidden = true;
    document.querySelector("[data-qr-again]").focus();
  };
  const ask = async () => {
    if (Date.now() > until) return stop(told.dataset.old);
    try {
      // A line that has gone dead without a word must not be waited for.
      const answer = await fetch(box.dataset.state, { credentials: "same-origin", signal: AbortSignal.timeout?.(10_000) });
      const { state } = await answer.json();
      if (state === "approved") return enter.submit();
      if (state === "refused") return stop(told.dataset.refused);
      if (state === "no-cookies") return stop(told.dataset.noCookies);
      if (state === "gone") return stop(told.dataset.old);
    } catch { /* the line is cut: ask again */ }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 2000);
}
