// Every page works without this. It tells times in the reader's own zone, counts down to
// deadlines, and shows a purchase anew as soon as it has changed.
"use strict";

const language = document.documentElement.lang;
const { now, follow, here, patience } = document.body.dataset;
// Deadlines are our clock's: a phone's may be wrong.
const ahead = Date.parse(now) - Date.now();

const moment = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
  weekday: "short", year: "numeric", month: "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

for (const time of document.querySelectorAll("time:not(.left)")) {
  time.title = time.textContent;
  time.textContent = moment.format(Date.parse(time.dateTime));
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

// The two largest units: "2 days 23 hours", "59 seconds".
function left(seconds) {
  const largest = UNITS.findIndex(([, size]) => seconds >= size || size === 1);
  const parts = [];
  for (const [unit, size] of UNITS.slice(largest, largest + 2)) {
    const number = new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" });
    parts.push(number.format(Math.floor(seconds / size)));
    seconds %= size;
  }
  return parts.join(" ");
}

function count() {
  for (const time of document.querySelectorAll("time.left")) {
    const rest = (Date.parse(time.dateTime) - Date.now() - ahead) / 1000;
    time.textContent = left(Math.max(0, Math.round(rest)));
  }
}

if (document.querySelector("time.left")) {
  count();
  setInterval(count, 1000);
}

if (follow) {
  // Whoever has pressed a button or a link is on the way to somewhere else: showing this page anew
  // would stop them. A page that stays (a file was saved) is shown a little later.
  const underWay = 30_000;
  let gone = -Infinity;
  addEventListener("beforeunload", () => { gone = Date.now(); });
  const show = () => {
    if (Date.now() - gone < underWay) setTimeout(show, underWay);
    else location.replace(here);
  };
  const changes = new EventSource(follow);
  changes.onmessage = () => { changes.close(); show(); };
  changes.onerror = () => {
    // A browser comes back by itself after a lost connection, but not after a refusal.
    if (changes.readyState === EventSource.CLOSED) setTimeout(show, underWay);
  };
  if (patience) setTimeout(show, patience * 1000);
  addEventListener("pageshow", (event) => {
    gone = -Infinity;
    if (event.persisted) show();
  });
}
