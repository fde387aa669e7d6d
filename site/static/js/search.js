/** <form data-suggest-url>: suggests while one types. The field is a combobox with its list beneath (ARIA 1.2); arrows move,
 *  Enter follows the chosen suggestion or searches, Escape closes. Without script the form leads to the search page.
 */
const PAUSE = 160;
const SHORTEST = 2;

for (const form of document.querySelectorAll("form[data-suggest-url]")) {
  const input = form.querySelector("input[type=search]");
  const list = form.querySelector("[role=listbox]");
  const said = form.querySelector("[role=status]");
  const known = new Map();
  let timer;
  let running;
  let current = -1;

  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  const options = () => [...list.querySelectorAll("[role=option]")];

  const close = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    choose(-1);
  };

  const choose = (index) => {
    const all = options();
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === index)));
    current = index;
    if (index < 0) {
      input.removeAttribute("aria-activedescendant");
      return;
    }
    input.setAttribute("aria-activedescendant", all[index].id);
    all[index].scrollIntoView({ block: "nearest" });
  };

  const show = (html) => {
    list.innerHTML = html;
    const all = options();
    all.forEach((option, place) => {
      option.id = `${list.id}-${place}`;
    });
    list.hidden = all.length === 0;
    input.setAttribute("aria-expanded", String(all.length > 0));
    said.textContent = all.length ? form.dataset.saidFound : form.dataset.saidNothing;
    choose(-1);
  };

  const ask = async () => {
    const text = input.value.trim();
    running?.abort();
    if (text.length < SHORTEST) {
      close();
      return;
    }
    if (!known.has(text)) {
      running = new AbortController();
      const html = await fetched(`${form.dataset.suggestUrl}?q=${encodeURIComponent(text)}`, running.signal);
      if (html === null) return;
      known.set(text, html);
    }
    if (input.value.trim() === text && document.activeElement === input) show(known.get(text));
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" && list.hidden) {
      ask();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !list.hidden) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place more than there are options: the field itself, with nothing chosen.
      choose(((current + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && !list.hidden && current >= 0) {
      event.preventDefault();
      options()[current].click();
    }
  });
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
}

/** A search field that a menu holds gets the focus when the menu opens. */
for (const menu of document.querySelectorAll("details[data-search]")) {
  menu.addEventListener("toggle", () => {
    if (menu.open) menu.querySelector("input[type=search]").focus();
  });
}

/** The fragment, or null when there was none: the form still leads to the page. */
async function fetched(url, signal) {
  try {
    const reply = await fetch(url, { signal, headers: { Accept: "text/html" }, credentials: "same-origin" });
    return reply.ok && !reply.redirected ? await reply.text() : null;
  } catch {
    return null;
  }
}
