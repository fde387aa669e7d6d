/** <form data-once>: is sent once. The pressed button shows its data-busy label; coming back by the browser's
 *  history makes the form usable again.
 */
const restore = new Map();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-once]")) return;
  if (restore.has(form)) {
    event.preventDefault();
    return;
  }
  const button = event.submitter;
  const label = button?.querySelector("span");
  const before = label?.textContent;
  restore.set(form, () => {
    button?.removeAttribute("aria-busy");
    if (label) label.textContent = before;
  });
  button?.setAttribute("aria-busy", "true");
  if (label && button.dataset.busy) label.textContent = button.dataset.busy;
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  restore.forEach((undo) => undo());
  restore.clear();
});
