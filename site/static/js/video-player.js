/** <div data-player data-start="120" data-tell="/tutorials/positions/7/"><video>…: chapters, speed, and where the viewer left.
 *  data-seek    a chapter: jumps there and plays (without this script its link opens the page at that place)
 *  data-speed   the select with the speeds; the choice is remembered by the browser
 *  data-tell    where the place is told: every ten seconds of playing, on pause, at the end and when the page is left
 */
const EVERY_SECONDS = 10;

for (const player of document.querySelectorAll("[data-player]")) {
  const video = player.querySelector("video");
  const token = player.querySelector("input[name=csrfmiddlewaretoken]")?.value;
  let told = -1;

  const seek = (seconds) => {
    video.currentTime = seconds;
    video.play().catch(() => video.focus());
  };

  const tell = (leaving) => {
    const seconds = Math.floor(video.currentTime);
    const duration = Math.floor(video.duration);
    if (!player.dataset.tell || !token || !duration || seconds === told) return;
    told = seconds;
    const place = new URLSearchParams({ seconds, duration, csrfmiddlewaretoken: token });
    if (leaving && navigator.sendBeacon(player.dataset.tell, place)) return;
    fetch(player.dataset.tell, { method: "POST", body: place, keepalive: true }).catch(() => { told = -1; });
  };

  video.addEventListener("timeupdate", () => {
    if (Math.abs(video.currentTime - told) >= EVERY_SECONDS && !video.paused) tell(false);
  });
  video.addEventListener("pause", () => tell(false));
  video.addEventListener("ended", () => tell(false));
  addEventListener("pagehide", () => { if (video.currentTime > 0 && video.played.length) tell(true); });

  const speed = player.querySelector("[data-speed]");
  speed?.addEventListener("change", () => {
    video.playbackRate = Number(speed.value);
    localStorage.setItem("speed", speed.value);
  });
  const before = localStorage.getItem("speed");
  if (speed && [...speed.options].some((option) => option.value === before)) {
    speed.value = before;
    video.playbackRate = Number(before);
  }

  document.addEventListener("click", (event) => {
    const place = event.target.closest("[data-seek]");
    if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    seek(Number(place.dataset.seek));
    player.querySelector("[data-resumed]")?.remove();
  });
}
