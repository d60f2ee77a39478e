/* timers.js: one timer, once a second, keeps every age and every SLA true. `data-since` (instant) is an age,
   `data-due` and `data-start` (instants) are a promise. The words are those of helpdesk/core/clock.py. */
import { word } from './words.js';

const MINUTE = 60, HOUR = 3600, DAY = 86400, SOON = .25;
const SAME_EVENING = 6 * HOUR;   // so long an age is told in hours across midnight too
const put = (name, ...values) => word(name, values);

/** "now", "6 min", "2 h", or null when the server's date must stay. Seconds in. */
export function age(seconds) {
  if (seconds < MINUTE) return word('now');
  if (seconds < HOUR) return put('min', Math.floor(seconds / MINUTE));
  return seconds < DAY ? put('h', Math.floor(seconds / HOUR)) : null;
}

/** "7:42", "22 min", "1 h 10", "3 d". Seconds in; the sign is dropped. */
export function span(seconds) {
  const s = Math.floor(Math.abs(seconds)), minutes = Math.floor(s % HOUR / MINUTE);
  if (s < 10 * MINUTE) return `${Math.floor(s / MINUTE)}:${String(s % MINUTE).padStart(2, '0')}`;
  if (s < HOUR) return put('min', Math.floor(s / MINUTE));
  if (s < DAY) return minutes ? put('hm', Math.floor(s / HOUR), String(minutes).padStart(2, '0')) : put('h', Math.floor(s / HOUR));
  return put('d', Math.floor(s / DAY));
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const el of document.querySelectorAll('[data-since]')) write(el, since(el, now));
  for (const el of document.querySelectorAll('[data-due]')) promise(el, now);
}

const days = new Intl.DateTimeFormat('en-CA', { timeZone: zone(), year: 'numeric', month: '2-digit', day: '2-digit' });

/** The reader's own zone, which the server writes its times in; the computer's may be another. */
function zone() {
  const named = document.body?.dataset.zone;
  try { return named && new Intl.DateTimeFormat('en', { timeZone: named }) && named || undefined; } catch { return undefined; }
}

/** The age in words; the server's date once it is another day. */
function since(el, now) {
  const seconds = (now - Date.parse(el.dataset.since)) / 1000;
  const today = seconds < SAME_EVENING || days.format(new Date(el.dataset.since)) === days.format(now);
  return (today && age(seconds)) || el.dataset.day;
}

function promise(el, now) {
  const due = Date.parse(el.dataset.due), left = due - now, whole = due - Date.parse(el.dataset.start);
  write(el.querySelector('[data-text]'), span(left / 1000));
  const said = el.querySelector('[data-left]');
  if (said) write(said, left < 0 ? said.dataset.over : said.dataset.left);
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
