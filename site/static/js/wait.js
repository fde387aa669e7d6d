/** <button data-wait="45" data-wait-label="Again in {seconds} s">: rests that long, counting down in its label. */
for (const button of document.querySelectorAll("button[data-wait]")) {
  const label = button.querySelector("span");
  const words = label.textContent;
  const until = Date.now() + Number(button.dataset.wait) * 1000;

  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    if (left > 0) {
      const shown = left.toLocaleString(document.documentElement.lang);
      label.textContent = button.dataset.waitLabel.replace("{seconds}", shown);
      setTimeout(tick, 1000);
    } else {
      label.textContent = words;
    }
  };
  tick();
}
