/** One ticket before an agent: the draft is kept while it is written, colleagues are told of each other, what is said
 *  meanwhile appears, canned replies and articles go into the text, and an answer that was just sent can be taken back.
 */
const PAUSE = 1200;
const BEAT = 5000;
const LONGEST = 20000;

const form = document.querySelector("[data-desk-say]");
const text = form?.querySelector("textarea");
const talk = document.getElementById("talk");
const news = document.querySelector("[data-desk-news]");
const undo = document.querySelector("[data-desk-undo]");
const colleagues = document.querySelector("[data-desk-colleagues]");
const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

let typedAt = 0;

/** The JSON answer, or null when there was none. */
async function ask(url, fields) {
  const options = fields
    ? { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": token(), Accept: "application/json" } }
    : { headers: { Accept: "application/json" }, cache: "no-store" };
  try {
    const reply = await fetch(url, options);
    return reply.ok && !reply.redirected ? await reply.json() : null;
  } catch {
    return null;
  }
}

// --- writing ---------------------------------------------------------------------------------------------------------

if (form) {
  const line = form.querySelector("[data-desk-draft]");
  let timer = 0;
  const save = async () => {
    const done = await ask(form.dataset.draftUrl, { body: text.value, kind: form.elements.kind.value });
    line.textContent = done ? form.dataset.sayKept : form.dataset.sayFailed;
    if (!done) timer = setTimeout(save, PAUSE * 5);
  };
  const later = () => {
    typedAt = Date.now();
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };
  text.addEventListener("input", later);
  for (const kind of form.querySelectorAll("[name=kind]")) kind.addEventListener("change", () => { if (text.value) later(); });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    localStorage.removeItem(`files:${form.dataset.drafts}`);  // uploads.js: what is refused comes back with the answer
  });
  window.addEventListener("pageshow", () => delete form.dataset.sent);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  text.addEventListener("deskinsert", later);
}

/** Puts words where the caret is. */
function insert(words) {
  text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  text.dispatchEvent(new Event("deskinsert"));
}

for (const button of document.querySelectorAll("[data-desk-insert]")) {
  button.addEventListener("click", async () => {
    const told = await ask(button.dataset.deskInsert, {});
    if (!told) return;
    insert(told.text);
    button.closest("details").open = false;
  });
}

// --- articles --------------------------------------------------------------------------------------------------------

const shelf = document.querySelector("[data-desk-articles]");
if (shelf) {
  const field = shelf.querySelector("input");
  const list = shelf.querySelector("[data-desk-found]");
  const status = shelf.querySelector("[data-desk-found-status]");
  let timer = 0;
  let turn = 0;

  const search = async () => {
    const mine = ++turn;
    const told = field.value.trim().length < 2 ? { articles: [] } : await ask(`${shelf.dataset.deskArticles}?q=${encodeURIComponent(field.value)}`);
    if (!told || mine !== turn) return;
    list.replaceChildren(...told.articles.map(choice));
    status.textContent = told.articles.length || field.value.trim().length < 2 ? "" : shelf.dataset.sayNone;
  };
  const choice = (article) => {
    const item = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "desk-pick" });
    const name = Object.assign(document.createElement("b"), { textContent: article.title });
    button.append(name, Object.assign(document.createElement("span"), { textContent: article.summary }));
    button.addEventListener("click", () => {
      insert(`${article.title}\n${article.url}\n`);
      shelf.open = false;
    });
    item.append(button);
    return item;
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  });
  // The form around must not be sent by a search.
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

// --- colleagues, and what is said meanwhile --------------------------------------------------------------------------

if (talk) {
  let wait = BEAT;
  const beat = async () => {
    if (!document.hidden) {
      const told = await ask(talk.dataset.pulse, { writing: Date.now() - typedAt < BEAT * 2 ? "1" : "0" });
      if (told) {
        show(told);
        if (String(told.last) !== talk.dataset.last || told.stamp !== talk.dataset.stamp) await renew(told);
      }
      wait = Date.now() - typedAt < LONGEST || told?.others.length ? BEAT : Math.min(LONGEST, wait * 1.2);
    }
    setTimeout(beat, wait);
  };
  setTimeout(beat, 500);
  document.addEventListener("visibilitychange", () => { wait = BEAT; });
}

function show(told) {
  colleagues.hidden = told.others.length === 0;
  colleagues.classList.toggle("desk-writing", told.is_writing);
  const words = told.others.join(" ");
  if (colleagues.textContent !== words) colleagues.textContent = words;
}

/** The conversation as the server shows it now; the text that is being written stays where it is. Who writes nothing
 *  and has chosen no file gets the whole page anew when the ticket was closed, assigned or answered.
 */
async function renew(told) {
  const changed = told.stamp !== talk.dataset.stamp;
  const isAtWork = text?.value.trim() || form?.querySelector("[data-list] li") || undo?.isConnected;
  if (changed && !isAtWork) {
    location.reload();
    return;
  }
  const page = await fetch(location.pathname, { cache: "no-store" }).then((reply) => reply.text()).catch(() => "");
  const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("talk");
  if (!fresh) return;
  const hasNews = fresh.dataset.last !== talk.dataset.last;
  talk.replaceChildren(...fresh.childNodes);
  talk.dataset.last = fresh.dataset.last;
  talk.dataset.stamp = told.stamp;
  if (form) form.elements.last_seen.value = fresh.dataset.last;
  if (hasNews || changed) {
    news.hidden = false;
    news.textContent = changed ? talk.dataset.sayChanged : talk.dataset.sayNew;
  }
}

// --- taking back -----------------------------------------------------------------------------------------------------

if (undo) {
  const left = undo.querySelector("[data-desk-left]");
  // The server's clock decides; this one counts down the seconds that were left when the page was made.
  const end = performance.now() + Number(undo.dataset.deskUndo) * 1000;
  const count = () => {
    const seconds = Math.ceil((end - performance.now()) / 1000);
    if (seconds <= 0) {
      undo.remove();
      return;
    }
    left.textContent = seconds.toLocaleString(document.documentElement.lang);
    setTimeout(count, 250);
  };
  count();
}
