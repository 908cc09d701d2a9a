// An input whose answers the server suggests (WAI-ARIA combobox with a list
// box). The server is asked 200 ms after the last key; late answers to older
// questions are dropped.
let count = 0;

for (const box of document.querySelectorAll("[data-combobox]")) {
  const input = box.querySelector("input[type=text]");
  const value = box.querySelector("[data-combobox-value]");
  const id = `combobox-${++count}`;
  let options = [];
  let active = -1;
  let timer = 0;
  let asked = 0;

  const list = document.createElement("ul");
  list.id = id;
  list.className = "sn-combobox__list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", box.dataset.list);
  list.hidden = true;
  const status = document.createElement("div");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  box.append(list, status);

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", id);

  const close = () => {
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = () => box.classList.toggle("sn-combobox__chosen", value.value !== "");
  // Takes the suggestion itself, not its place in the list: an answer that comes
  // late may have put another one there.
  const choose = (option) => {
    clearTimeout(timer);
    asked++;
    input.value = option.label;
    value.value = option.value;
    mark();
    close();
    value.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const move = (i) => {
    active = i;
    [...list.children].forEach((li, n) => li.setAttribute("aria-selected", String(n === i)));
    const li = list.children[i];
    if (!li) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", li.id);
    li.scrollIntoView({ block: "nearest" });
  };
  const say = (words) => {
    status.textContent = words;
  };
  const note = (words) => {
    const li = document.createElement("li");
    li.className = "sn-combobox__status";
    li.setAttribute("role", "presentation");
    li.textContent = words;
    list.replaceChildren(li);
    list.hidden = false;
    say(words);
  };
  const show = () => {
    active = -1;
    if (!options.length) return note(box.dataset.none);
    list.replaceChildren(...options.map((o, i) => {
      const li = document.createElement("li");
      li.id = `${id}-${i}`;
      li.className = "sn-combobox__option";
      li.setAttribute("role", "option");
      li.setAttribute("aria-selected", "false");
      const label = document.createElement("span");
      label.textContent = o.label;
      li.append(label);
      if (o.hint) {
        const hint = document.createElement("span");
        hint.className = "sn-combobox__hint";
        hint.textContent = o.hint;
        li.append(hint);
      }
      // mousedown, not click: the input must not lose the focus first.
      li.addEventListener("mousedown", (e) => {
        e.preventDefault();
        choose(o);
      });
      return li;
    }));
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    say(box.dataset.found.replace("#", options.length));
  };
  const usual = "usual" in box.dataset;
  const ask = async (wanted) => {
    const mine = ++asked;
    const q = input.value.trim();
    if (!q && !(usual && wanted)) return close();
    // What is typed may be about a person: it goes in the body, not in the address.
    const url = new URL(box.dataset.combobox, location.href);
    const how = { headers: { Accept: "application/json" } };
    if ("open" in box.dataset) url.searchParams.set("q", q);
    else {
      const body = new URLSearchParams({ words: q });
      for (const name of (box.dataset.with || "").split(" ")) {
        const field = name && input.form?.elements[name];
        if (field) body.set(name, field.value);
      }
      Object.assign(how, { method: "POST", body });
    }
    try {
      const answer = await fetch(url, how);
      if (!answer.ok) throw new Error(String(answer.status));
      const found = await answer.json();
      if (mine !== asked) return;
      const marked = options[active]?.value;
      options = found || [];
      if (!q && !options.length) return close();
      if (document.activeElement === input) {
        show();
        // What was marked in the answer before stays so while it is among these.
        const again = options.findIndex((o) => o.value === marked);
        if (again >= 0) move(again);
      }
    } catch {
      if (mine !== asked) return;
      options = [];
      note(box.dataset.failed);
    }
  };

  input.addEventListener("input", () => {
    value.value = "";
    mark();
    clearTimeout(timer);
    timer = setTimeout(ask, 200, false);
  });
  let taken = false; // the key that is down did something in the list
  input.addEventListener("keydown", (e) => {
    const open = !list.hidden && options.length > 0;
    taken = open && e.key === "Enter";
    switch (e.key) {
      case "ArrowDown":
      case "ArrowUp": {
        e.preventDefault();
        if (!open) return void ask(true);
        const step = e.key === "ArrowDown" ? 1 : -1;
        move((active + step + options.length) % options.length);
        break;
      }
      case "Enter":
        // Never sends the form past an open list: what was marked in it a moment ago
        // may have gone with an answer that came late.
        if (taken) {
          e.preventDefault();
          if (active >= 0) choose(options[active]);
          else close();
        }
        break;
      case "Escape":
        if (!list.hidden) {
          e.preventDefault();
          e.stopPropagation();
          close();
        }
        break;
      case "Tab":
        if (open && active >= 0) choose(options[active]);
    }
  });
  // Whatever stands between keyboard and page may send the character all the same.
  input.addEventListener("keypress", (e) => {
    if (taken && e.key === "Enter") e.preventDefault();
  });
  input.addEventListener("click", () => {
    if (usual && list.hidden && !input.value) ask(true);
  });
  input.addEventListener("blur", close);
  mark();
}
