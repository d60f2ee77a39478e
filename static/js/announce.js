/* announce.js: one polite voice for screen readers, at most one sentence each 5 s and never while someone
   types; and the toast for what can be undone. */
import { emit, on } from './bus.js';
import { word } from './words.js';

const PAUSE = 5000;    // ms between two polite sentences
const TYPING = 1500;   // ms after the last key that still count as typing
const TOAST = 10000;   // ms a toast stays
let waiting = [], lastSaid = 0, lastKey = 0, timer = 0;

/** Say a sentence politely, or at once with `{ urgent: true }`. Waiting ones are merged. */
export function announce(text, { urgent = false } = {}) {
  if (urgent) { say('alerter', text); return; }
  if (!waiting.includes(text)) waiting.push(text);
  schedule();
}

function schedule() {
  if (timer) return;
  const free = Math.max(lastSaid + PAUSE, lastKey + TYPING) - Date.now();
  timer = setTimeout(flush, Math.max(0, free));
}

function flush() {
  timer = 0;
  if (Date.now() - lastKey < TYPING) { schedule(); return; }
  const text = waiting.join('. ');
  waiting = []; lastSaid = Date.now();
  if (text) { say('announcer', text); emit('announce:said', text); }
}

function say(id, text) {
  const voice = document.getElementById(id);
  if (!voice) return;
  voice.textContent = '';
  requestAnimationFrame(() => { voice.textContent = text; });   // the same text twice is read twice
}

/** Show a toast. With `undo` it has an Undo button (also the z key); `gone` runs when it leaves by itself. */
export function toast(text, { undo = null, label = word('undo'), gone = null, stays = TOAST } = {}) {
  const box = document.getElementById('toasts');
  if (!box) return () => {};
  const note = document.createElement('p');
  note.className = 'toast';
  note.append(Object.assign(document.createElement('span'), { textContent: text }));
  const leave = () => { clearTimeout(wait); note.remove(); };
  const wait = setTimeout(() => { leave(); gone?.(); }, stays);
  if (undo) {
    const button = Object.assign(document.createElement('button'), { className: 'btn', type: 'button', textContent: label });
    button.dataset.keys = 'z';
    button.addEventListener('click', () => { leave(); undo(); });
    note.append(button);
  }
  box.append(note);
  return leave;
}

export function start() {
  document.addEventListener('input', () => { lastKey = Date.now(); });
  document.addEventListener('click', event => event.target.closest('[data-dismiss]')?.closest('.toast, .callout')?.remove());
  on('announce', detail => announce(detail.text, detail));
}
