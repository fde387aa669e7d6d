/** <form data-drafts="NAME" data-drafts-url="…">: what is typed into [data-draft] fields is kept, on this device at
 *  once and on the server a little later, until the form has been sent. An empty field gets back what was kept here.
 *  [data-draft-status] says where the text is (data-say-kept, data-say-offline).
 */
const PAUSE = 1500;
const MARK = "draft:";

for (const form of document.querySelectorAll("form[data-drafts]")) {
  const name = MARK + form.dataset.drafts;
  const fields = [...form.querySelectorAll("[data-draft]")];
  const line = form.querySelector("[data-draft-status]");
  let timer = 0;
  let saving = false;

  const kept = read(name);
  for (const field of fields) {
    const text = kept[field.dataset.draft];
    if (text && !field.value) field.value = text;
  }

  const save = async () => {
    const body = new URLSearchParams(fields.map((field) => [field.dataset.draft, field.value]));
    saving = true;
    const done = await send(form, body);
    saving = false;
    if (line) line.textContent = done ? form.dataset.sayKept : form.dataset.sayOffline;
    if (!done) timer = setTimeout(save, PAUSE * 4);
  };

  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-draft]")) return;
    write(name, Object.fromEntries(fields.map((field) => [field.dataset.draft, field.value])));
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!navigator.onLine && !saving) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (line) line.textContent = form.dataset.sayOffline;
    }
  }, { capture: true });
  // What the server has taken over shows as an empty form without errors: nothing is left to keep here.
  if (!form.querySelector("[role=alert]") && sentBefore(name)) forget(name, fields);
  form.addEventListener("submit", () => sessionStorage.setItem(`${name}:sent`, "1"));
}

/** Whether this form was sent and the page that answers shows no error. */
function sentBefore(name) {
  const sent = sessionStorage.getItem(`${name}:sent`);
  sessionStorage.removeItem(`${name}:sent`);
  return Boolean(sent);
}

function forget(name, fields) {
  const kept = read(name);
  localStorage.removeItem(name);
  for (const field of fields) if (field.value === kept[field.dataset.draft]) field.value = field.defaultValue;
}

function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {};
  }
}

function write(name, values) {
  try {
    localStorage.setItem(name, JSON.stringify(values));
  } catch {
    // A full or forbidden store: the server keeps the draft.
  }
}

async function send(form, body) {
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const reply = await fetch(form.dataset.draftsUrl, { method: "POST", body, headers: { "X-CSRFToken": token } });
    return reply.ok && !reply.redirected;
  } catch {
    return false;
  }
}
