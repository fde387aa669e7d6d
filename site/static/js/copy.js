/** <button data-copy="text" data-copied="said afterwards">: copies the text, shows a tick and says so. */
const said = document.createElement("div");
said.className = "visually-hidden";
said.setAttribute("role", "status");
document.body.append(said);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await write(button.dataset.copy);
  said.textContent = button.dataset.copied;
  const drawing = button.querySelector("use");
  const before = drawing.getAttribute("href");
  drawing.setAttribute("href", before.replace("#copy", "#check"));
  setTimeout(() => {
    drawing.setAttribute("href", before.replace("#check", "#copy"));
    said.textContent = "";
  }, 2000);
});

async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // The clipboard is closed to pages without TLS; a selected field can still be copied there.
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}
