/**
 * The preview of a page as a buyer who is typed in: the username becomes one more choice of the list of readers, which
 * Wagtail's own script watches.
 */

const PREFIX = "buyer-";

for (const field of document.querySelectorAll("[data-preview-reader] input")) {
  const readers = document.getElementById("id_preview_mode");
  field.addEventListener("change", () => choose(readers, field.value.trim().toLowerCase()));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // Enter would save the page
    choose(readers, field.value.trim().toLowerCase());
  });
}

function choose(readers, username) {
  const known = [...readers.options].find((option) => option.value.startsWith(PREFIX));
  if (!username) {
    known?.remove();
  } else {
    const option = known ?? readers.appendChild(document.createElement("option"));
    option.value = PREFIX + username;
    option.textContent = username;
    option.selected = true;
  }
  readers.dispatchEvent(new Event("change", { bubbles: true }));
}
