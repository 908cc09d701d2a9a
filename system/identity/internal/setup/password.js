// Ticks the rules that the password meets while it is typed. The rules stand on
// the page without this script, too, and the server has the last word.
const list = document.querySelector("[data-rules]");
const input = document.querySelector("input[name=password]");
const met = {
  "identity.password.short": (p) => [...p].length >= 10,
  "identity.password.digit": (p) => /[0-9]/.test(p),
  "identity.password.letter": (p) => /[a-z]/.test(p) && /[A-Z]/.test(p),
  "identity.password.sign": (p) => /[-_!@#%*]/.test(p),
};
if (list && input) {
  const status = document.createElement("p");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  list.after(status);
  const look = () => {
    let left = 0;
    for (const item of list.querySelectorAll("[data-rule]")) {
      const done = met[item.dataset.rule](input.value);
      const tag = item.querySelector("strong");
      tag.hidden = !done;
      if (!done) left++;
    }
    const words = left === 0 ? list.dataset.rulesMet : "";
    if (status.textContent !== words) status.textContent = words;
  };
  input.addEventListener("input", look);
  look();
}
