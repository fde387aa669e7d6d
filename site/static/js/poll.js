/** An element with data-poll-url waits for an answer: asks every data-poll-seconds, slower as time goes by, rests while
 *  the page is hidden, writes `message` into [data-poll-message] and reloads the page once `final` is true.
 */
const LONGEST = 20;

for (const waiting of document.querySelectorAll("[data-poll-url]")) {
  const line = waiting.querySelector("[data-poll-message]");
  let seconds = Number(waiting.dataset.pollSeconds) || 3;

  const look = async () => {
    if (!document.hidden) {
      const answer = await ask(waiting.dataset.pollUrl);
      if (answer?.final) {
        location.reload();
        return;
      }
      if (line && answer?.message && line.textContent !== answer.message) line.textContent = answer.message;
      seconds = Math.min(LONGEST, seconds * 1.25);
    }
    setTimeout(look, seconds * 1000);
  };
  setTimeout(look, seconds * 1000);
}

/** The JSON answer, or null when there was none: the next look asks again. */
async function ask(url) {
  try {
    const reply = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}
