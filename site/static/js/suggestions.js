/** <section data-suggestions="URL">: what may help at once, found while the title and the text are being typed. */
const PAUSE = 500;

for (const box of document.querySelectorAll("[data-suggestions]")) {
  const form = box.closest("form");
  const list = box.querySelector("ul");
  let timer = 0;
  let asked = "";

  const look = async () => {
    const text = [...form.querySelectorAll("[data-draft]")].map((field) => field.value).join(" ").trim().slice(0, 300);
    const device = form.querySelector("[name=device]:checked")?.value ?? "";
    const query = new URLSearchParams({ text, device }).toString();
    if (query === asked) return;
    asked = query;
    const found = text.length < 3 ? [] : await ask(`${box.dataset.suggestions}?${query}`);
    if (query !== asked) return;
    list.replaceChildren(...found.map(row));
    box.hidden = !found.length;
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
}

function row(one) {
  const solved = document.getElementById("solved");
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: one.url, target: "_blank", textContent: one.title });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: solved.dataset.label });
  const note = Object.assign(document.createElement("p"), { className: "muted", textContent: one.summary });
  button.className = "button button-plain";
  button.addEventListener("click", () => {
    solved.elements.key.value = one.key;
    solved.submit();
  });
  item.append(link, note, button);
  return item;
}

async function ask(url) {
  try {
    const reply = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    return reply.ok ? (await reply.json()).suggestions : [];
  } catch {
    return [];
  }
}
