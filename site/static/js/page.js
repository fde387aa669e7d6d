/** What every page has: the mark that scripts run, and the small buttons.
 *  data-dismiss   removes the message it stands in
 *  data-print     prints the page
 *  data-reveal    shows or hides the password whose id it names
 *  data-focus     takes the focus when the page opens (the summary of a form's errors)
 */
document.documentElement.classList.add("js");

const acts = {
  dismiss: (button) => button.closest(".message").remove(),
  print: () => window.print(),
  reveal: (button) => {
    const input = document.getElementById(button.dataset.reveal);
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  },
};

document.addEventListener("click", (event) => {
  for (const [name, act] of Object.entries(acts)) {
    const button = event.target.closest(`button[data-${name}]`);
    if (button) act(button);
  }
});

document.querySelector("[data-focus]")?.focus();
