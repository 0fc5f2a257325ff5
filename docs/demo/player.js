// Plays one song at a time. The lyrics follow, and a click on a line goes there. Without this script a browser shows its own players.
"use strict";

const texts = document.body.dataset;
const ICONS = { play: "M7 4l14 8-14 8z", pause: "M6 4h4v16H6zM14 4h4v16h-4z" };
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

for (const song of document.querySelectorAll(".song")) {
  const audio = song.querySelector("audio");
  const title = song.querySelector("h2").textContent;
  const seconds = Number(audio.dataset.seconds);
  const track = song.querySelector(".track");
  const lines = [...song.querySelectorAll("button.line")];
  const play = document.createElement("button");
  const slider = Object.assign(document.createElement("input"), { type: "range", min: 0, max: seconds, step: 0.1, value: 0 });
  const told = document.createElement("output");

  play.className = "play";
  play.type = "button";
  slider.setAttribute("aria-label", `${texts.position}: ${title}`);
  told.setAttribute("aria-hidden", "true"); // the slider says the same
  track.append(slider, told);
  track.hidden = false;
  track.before(play);
  audio.controls = false;
  audio.hidden = true;

  const show = () => {
    const now = audio.currentTime;
    const state = audio.paused ? "play" : "pause";
    if (play.dataset.state !== state) {
      play.dataset.state = state;
      play.setAttribute("aria-label", `${texts[state]}: ${title}`);
      play.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[state]}"/></svg>`;
    }
    slider.value = now;
    slider.setAttribute("aria-valuetext", `${clock(now)} ${texts.of} ${clock(seconds)}`);
    track.style.setProperty("--at", `${(100 * now) / seconds}%`);
    told.value = `${clock(now)} / ${clock(seconds)}`;
    follow(now);
    if (!audio.paused) requestAnimationFrame(show);
  };

  const follow = (now) => {
    const started = now > 0 || !audio.paused;
    const current = started ? lines.findLast((line) => now >= line.dataset.start && now < line.dataset.end) : undefined;
    for (const word of song.querySelectorAll(".now")) word.classList.remove("now");
    for (const word of current?.querySelectorAll("[data-start]") ?? [])
      if (now >= word.dataset.start && now < word.dataset.end) word.classList.add("now");
    if (current?.hasAttribute("aria-current")) return;
    for (const line of lines) line.removeAttribute("aria-current");
    if (!current) return;
    current.setAttribute("aria-current", "true");
    const box = current.closest(".lyrics"); // the box scrolls, the page stays
    box.scrollTop = current.offsetTop - (box.clientHeight - current.clientHeight) / 2;
  };

  const seek = (to) => {
    audio.currentTime = to;
    show();
  };
  play.onclick = () => (audio.paused ? audio.play() : audio.pause());
  slider.oninput = () => seek(Number(slider.value));
  for (const line of lines)
    line.onclick = () => {
      seek(Number(line.dataset.start));
      audio.play();
    };
  audio.onplay = () => {
    for (const other of document.querySelectorAll("audio")) if (other !== audio) other.pause();
    show();
  };
  audio.onpause = audio.onended = audio.onseeked = show;
  show();
}
