// A button that shows the password while it is typed. It hides it again before
// the form goes, so that no browser keeps it as a plain text.
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
    // A page may have two: each is called after its field.
    const field = input.labels?.[0]?.textContent.trim();
    if (field) button.setAttribute("aria-label", `${button.textContent}: ${field}`);
    if (tell) status.textContent = shown ? words.shown : words.hidden;
  };
  set(false, false);
  button.addEventListener("click", () => set(input.type === "password", true));
  input.form?.addEventListener("submit", () => set(false, false));
  box.append(button, status);
}
