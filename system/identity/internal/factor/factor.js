// Copies what stands in an element of the page; the button shows itself only
// where that is possible.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.querySelector(button.dataset.copy);
  if (!source || !navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  const status = document.createElement("span");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  button.after(status);
  button.addEventListener("click", async () => {
    let said = button.dataset.copyDone;
    try {
      await navigator.clipboard.writeText([...source.children].map((each) => each.textContent.trim()).join("\n") || source.textContent.trim());
    } catch {
      said = button.dataset.copyFailed ?? ""; // the browser does not let us
      if (!said) return;
    }
    button.textContent = status.textContent = said;
    setTimeout(() => { button.textContent = words; status.textContent = ""; }, 3000);
  });
}
