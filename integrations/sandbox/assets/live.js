// Fetches the story again every three seconds while the page is looked at; the dial beside it keeps what was typed.
const story = document.getElementById("story");

async function refresh() {
  if (document.hidden || story.matches(":focus-within")) return;
  try {
    const answer = await fetch("/__story");
    if (!answer.ok) return;
    const text = await answer.text();
    if (text !== story.dataset.text) {
      story.dataset.text = text;
      story.innerHTML = text;
    }
  } catch {
    // The sandbox was stopped: what is on the page stays.
  }
}

setInterval(refresh, 3000);
