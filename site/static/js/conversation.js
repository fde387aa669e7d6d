/** <section data-news="URL" data-last="…">: new messages appear at its end without a reload; slower as time goes by,
 *  resting while the page is hidden. [data-news-state] and [data-news-due] follow. When the ticket is closed, opened
 *  again or merged (data-stamp), the page is loaded anew, unless something is being typed.
 */
const FIRST = 4000;
const LONGEST = 30000;

for (const talk of document.querySelectorAll("[data-news]")) {
  const line = document.querySelector("[data-news-status]");
  let wait = FIRST;

  const look = async () => {
    const told = document.hidden ? null : await ask(`${talk.dataset.news}?after=${talk.dataset.last}`);
    if (told) {
      if (show(talk, told)) {
        line.textContent = talk.dataset.sayNew;
        wait = FIRST;
      } else {
        wait = Math.min(LONGEST, wait * 1.2);
      }
      mark(talk, told.read_at);
      for (const part of ["state", "due"]) {
        const box = document.querySelector(`[data-news-${part}]`);
        if (box && box.innerHTML.trim() !== told[part].trim()) box.innerHTML = told[part];
      }
      if (told.stamp !== talk.dataset.stamp) turn(talk, told);
    }
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) wait = FIRST; });
}

/** The answer's HTML is our own server's, escaped there. A message that stands here already is not added again.
 *  Returns whether something new has come.
 */
function show(talk, told) {
  const piece = document.createElement("template");
  piece.innerHTML = told.html;
  const fresh = [...piece.content.querySelectorAll("[data-message]")].filter(({ id }) => !document.getElementById(id));
  talk.append(...fresh);
  talk.dataset.last = told.last;
  return fresh.length > 0;
}

function mark(talk, readAt) {
  if (!readAt) return;
  for (const line of talk.querySelectorAll("[data-at]")) {
    if (new Date(line.dataset.at) <= new Date(readAt)) line.querySelector("span").textContent = talk.dataset.saySeen;
  }
}

function turn(talk, told) {
  const was = talk.dataset.stamp;
  talk.dataset.stamp = told.stamp;
  const typed = [...document.querySelectorAll("form textarea")].some((field) => field.value.trim());
  const hasFiles = document.querySelector("[data-list] li");
  if (was && !typed && !hasFiles) location.reload();
}

async function ask(url) {
  try {
    const reply = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
