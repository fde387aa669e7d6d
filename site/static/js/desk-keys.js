/** The keys of the desk. They are known by their place (event.code), so that they work in a Persian layout too, and
 *  rest while something is typed, a key is held with them, or a dialog is open.
 *  [data-key="KeyU"]      a link, a button, or the summary of a <details>, which opens and gets the focus inside
 *  [data-desk-list]       J and K go through its rows, Enter and O open, X ticks; 1 to 6 open the views, / searches
 *  [data-desk-help]       opens [data-desk-shortcuts]; so does ?
 */
const help = document.querySelector("[data-desk-shortcuts]");
const rows = [...document.querySelectorAll("[data-desk-list] > li")];
let at = -1;

for (const button of document.querySelectorAll("[data-desk-help]")) {
  button.addEventListener("click", () => help.showModal());
}

// Before the admin's own shortcuts, some of which sit on the same keys.
window.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (document.querySelector("dialog[open], [role=dialog]:not([aria-hidden=true]) [data-dialog-body]")) return;
  if (!press(event)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, { capture: true });

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]:not([contenteditable=false])") !== null;
}

/** Does what the key stands for; whether it stands for anything. */
function press(event) {
  if (event.code === "Slash" && event.shiftKey) {
    if (!help) return false;
    help.showModal();
    return true;
  }
  if (event.shiftKey) return false;
  const named = document.querySelector(`[data-key="${event.code}"]`);
  if (named) return use(named);
  if (event.code === "Slash") return focus("[data-desk-search]");
  if (event.code === "KeyR") return write("reply");
  if (event.code === "KeyN") return write("note");
  if (event.code === "KeyJ") return go(at + 1);
  if (event.code === "KeyK") return go(at - 1);
  if (event.code === "KeyX") return tick();
  if (event.code === "KeyO" || (event.code === "Enter" && event.target === document.body)) return open();
  if (/^Digit[1-9]$/.test(event.code)) return use(document.querySelectorAll(".desk-views a")[event.code.slice(5) - 1]);
  return false;
}

function use(element) {
  if (!element) return false;
  const details = element.tagName === "SUMMARY" ? element.parentElement : null;
  if (!details) {
    element.click();
    return true;
  }
  details.open = true;
  (details.querySelector("input:not([type=hidden]), select, textarea, button") ?? element).focus();
  details.scrollIntoView({ block: "nearest" });
  return true;
}

function focus(selector) {
  const field = document.querySelector(selector);
  field?.focus();
  return field !== null;
}

function write(kind) {
  const choice = document.getElementById(`id_kind_${kind}`);
  if (!choice) return false;
  choice.click();
  return focus("#id_body");
}

function go(to) {
  if (!rows.length) return false;
  at = Math.max(0, Math.min(rows.length - 1, to));
  rows[at].querySelector("a").focus();
  rows[at].scrollIntoView({ block: "nearest" });
  return true;
}

function here() {
  const focused = rows.findIndex((row) => row.contains(document.activeElement));
  if (focused >= 0) at = focused;
  return rows[at];
}

function tick() {
  const box = here()?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

function open() {
  const link = here()?.querySelector("a");
  link?.click();
  return Boolean(link);
}

const all = document.querySelector("[data-desk-all]");
all?.addEventListener("change", () => {
  for (const row of rows) row.querySelector("input[type=checkbox]").checked = all.checked;
});
