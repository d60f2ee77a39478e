/* timers.js: one timer, once a second, keeps every age and every SLA true. `data-since` (instant) is an age,
   `data-due` and `data-start` (instants) are a promise. The words are those of helpdesk/core/clock.py. */
const MINUTE = 60, HOUR = 3600, DAY = 86400, SOON = .25;
const words = { now: 'now', min: '{0} min', h: '{0} h', hm: '{0} h {1}', d: '{0} d' };
const put = (text, ...values) => text.replace(/\{(\d)\}/g, (_, i) => values[i]);

/** "now", "6 min", "2 h", or null when the server's date must stay. Seconds in. */
export function age(seconds) {
  if (seconds < MINUTE) return words.now;
  if (seconds < HOUR) return put(words.min, Math.floor(seconds / MINUTE));
  return seconds < DAY ? put(words.h, Math.floor(seconds / HOUR)) : null;
}

/** "7:42", "22 min", "1 h 10", "3 d". Seconds in; the sign is dropped. */
export function span(seconds) {
  const s = Math.floor(Math.abs(seconds)), minutes = Math.floor(s % HOUR / MINUTE);
  if (s < 10 * MINUTE) return `${Math.floor(s / MINUTE)}:${String(s % MINUTE).padStart(2, '0')}`;
  if (s < HOUR) return put(words.min, Math.floor(s / MINUTE));
  if (s < DAY) return minutes ? put(words.hm, Math.floor(s / HOUR), String(minutes).padStart(2, '0')) : put(words.h, Math.floor(s / HOUR));
  return put(words.d, Math.floor(s / DAY));
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const el of document.querySelectorAll('[data-since]')) write(el, sameDay(el.dataset.since, now) ? age((now - Date.parse(el.dataset.since)) / 1000) : null);
  for (const el of document.querySelectorAll('[data-due]')) promise(el, now);
}

const sameDay = (instant, now) => new Date(instant).toDateString() === new Date(now).toDateString();

function promise(el, now) {
  const due = Date.parse(el.dataset.due), left = due - now, whole = due - Date.parse(el.dataset.start);
  write(el.querySelector('[data-text]'), span(left / 1000));
  const share = whole > 0 ? Math.min(1, left / whole) : 0;
  const state = left < 0 ? 'breached' : share < SOON ? 'soon' : 'ok';
  if (el.dataset.state !== state) el.dataset.state = state;
  const arc = `${left < 0 ? 100 : Math.round(share * 100)} 100`, circle = el.querySelector('[stroke-dasharray]');
  if (circle && circle.getAttribute('stroke-dasharray') !== arc) circle.setAttribute('stroke-dasharray', arc);
}

function write(el, text) {
  if (el && text && el.textContent !== text) el.textContent = text;
}

export function start() {
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', tick);
}
