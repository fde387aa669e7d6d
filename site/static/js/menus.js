/** <details data-menu>: closes on Escape, on a press outside and when the focus leaves. */
for (const menu of document.querySelectorAll("details[data-menu]")) {
  const close = () => menu.removeAttribute("open");

  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) close();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
}
