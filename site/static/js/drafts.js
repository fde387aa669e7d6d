/** <form data-drafts="NAME" data-drafts-url="…">: what is typed into [data-draft] fields is kept, on this device at
 *  once and on the server a little later. What the server never got comes back here before what it has. A form that was
 *  taken is named by the server in a cookie; only then is its text forgotten here.
 *  [data-draft-status] says where the text is (data-say-kept, data-say-offline).
 */
const PAUSE = 1500;
const MARK = "draft:";
const SENT = "draft_sent";

forgetWhatWasSent();
for (const form of document.querySelectorAll("form[data-drafts]")) {
  const name = MARK + form.dataset.drafts;
  const fields = [...form.querySelectorAll("[data-draft]")];
  const line = form.querySelector("[data-draft-status]");
  const isAnswer = form.querySelector("[role=alert]") !== null;
  let timer = 0;

  const kept = read(name);
  for (const field of fields) {
    const text = kept.values?.[field.dataset.draft];
    if (text && (!field.value || (!kept.saved && !isAnswer))) field.value = text;
  }

  const values = () => Object.fromEntries(fields.map((field) => [field.dataset.draft, field.value]));

  const save = async () => {
    clearTimeout(timer);
    const sent = values();
    const done = await send(form, new URLSearchParams(sent));
    if (line) line.textContent = done ? form.dataset.sayKept : form.dataset.sayOffline;
    if (!done) timer = setTimeout(save, PAUSE * 4);
    else if (JSON.stringify(sent) === JSON.stringify(values())) write(name, { values: sent, saved: true });
  };

  form.addEventListener("input", (event) => {
    if (!event.target.matches("[data-draft]")) return;
    write(name, { values: values(), saved: false });
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (line) line.textContent = form.dataset.sayOffline;
  }, { capture: true });
}

function forgetWhatWasSent() {
  const name = document.cookie.match(`(?:^|; )${SENT}=([\\w-]+)`)?.[1];
  if (!name) return;
  localStorage.removeItem(MARK + name);
  localStorage.removeItem(`files:${name}`);
  document.cookie = `${SENT}=; Path=/tickets/; Max-Age=0`;
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
