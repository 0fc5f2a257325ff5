"use strict";
const [audio, player, play, icon, seek, now] = ["audio", "player", "play", "icon", "seek", "now"].map((id) =>
  document.getElementById(id),
);
const lines = [...document.querySelectorAll(".line")];
const chinese = navigator.language.startsWith("zh");
const texts = chinese ? { play: "播放", pause: "暂停", seek: "播放位置" } : { play: "Play", pause: "Pause", seek: "Position" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
let current = null;
let scrolled = -Infinity;
let frame = 0;

const start = () => audio.play().catch(() => {});
const go = (seconds) => {
  audio.currentTime = seconds;
  show();
};

/** Draws the position: the clock, the slider, the line that is sung and its words so far. */
function show() {
  const time = audio.currentTime;
  now.textContent = clock(time);
  seek.value = time;
  seek.setAttribute("aria-valuetext", `${clock(time)} / ${clock(seek.max)}`);
  const line = lines.findLast(({ dataset }) => dataset.start <= time && time < dataset.end) ?? null;
  if (line !== current) {
    current?.removeAttribute("aria-current");
    line?.setAttribute("aria-current", "true");
    if (line && !audio.paused && Date.now() - scrolled > 4000)
      line.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
    current = line;
  }
  const words = [...(line?.children ?? [])];
  const last = words.findLastIndex(({ dataset }) => dataset.start <= time);
  words.forEach((word, at) => word.classList.toggle("sung", at <= last)); // those without a time between them, too
}

function tick() {
  show();
  cancelAnimationFrame(frame);
  frame = audio.paused ? 0 : requestAnimationFrame(tick);
}

function state() {
  play.setAttribute("aria-label", audio.paused ? texts.play : texts.pause);
  icon.setAttribute("d", audio.paused ? "M8 5v14l11-7z" : "M6 5h4v14H6zm8 0h4v14h-4z");
  document.body.classList.toggle("playing", !audio.paused || audio.currentTime > 0);
  tick();
}

if (chinese) {
  document.documentElement.lang = "zh-Hans";
  for (const element of document.querySelectorAll("[data-zh]")) element.textContent = element.dataset.zh;
}
seek.setAttribute("aria-label", texts.seek);
player.hidden = false;
audio.controls = false;
for (const event of ["play", "pause", "ended", "seeked"]) audio.addEventListener(event, state);
state();
for (const event of ["wheel", "touchmove"])
  addEventListener(event, () => (scrolled = Date.now()), { passive: true }); // whoever reads on is not pulled back
play.addEventListener("click", () => (audio.paused ? start() : audio.pause()));
seek.addEventListener("input", () => go(Number(seek.value)));
addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target !== document.body) return;
  event.preventDefault();
  play.click();
});
for (const line of lines)
  line.addEventListener("click", ({ target }) => {
    go(Number(target.dataset.start ?? line.dataset.start));
    start();
  });
