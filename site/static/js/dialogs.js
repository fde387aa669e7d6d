/** <a href="#ID" data-dialog="ID"> opens <dialog id="ID"> on top of the page; data-dialog-close inside it closes.
 *  Without this module the address opens it (`:target`).
 */
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const closer = event.target.closest("[data-dialog-close]");
  if (opener) {
    event.preventDefault();
    document.getElementById(opener.dataset.dialog).showModal();
  } else if (closer) {
    event.preventDefault();
    closer.closest("dialog").close();
  } else if (event.target instanceof HTMLDialogElement && isOutside(event)) {
    event.target.close();
  }
});

function isOutside({ target, clientX, clientY }) {
  const box = target.getBoundingClientRect();
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}
