/* call.js: the entry file of a call's page: the socket's frames go to the transcript and the cards; timer, speed, silence. */
import { entities, clock, put, segment, start as lines } from './call-lines.js';
import { judged, start as assist, update } from './call-assist.js';
import { start as connect, stop } from './call-socket.js';
import { announce } from './announce.js';
import { word } from './words.js';

const SIDE_EVERY = 4000, POLL = 10000, FADES = 10000;   // ms between two looks at what only the server knows; without a link; until a level is no news
const page = document.getElementById('call');
const $ = id => document.getElementById(id);
const spoken = new Map();   // segment → when it came, to tell how long a suggestion took
let heardAt = Date.now(), linked = false, due = new Map(), fading = 0;

const started = Date.parse($('call-timer')?.dataset.started ?? '') || Date.now();

function heard(frame) {
  (({ transcript: said, suggestions: suggested, feedback: judged, 'call.started': again, 'call.line': line, 'call.levels': levels, 'call.ended': ended })[frame.type] ?? ignored)(frame);
}

const ignored = () => {};

function said(frame) {
  const one = frame.segment;
  heardAt = Date.now();
  quiet();
  if (!segment(one)) return;
  if (one.is_final === false) return;
  spoken.set(one.id, performance.now());
  if (one.speaker === 'agent') later('script-slot');
}

function suggested(frame) {
  entities(frame.entities ?? []);
  update(frame);
  speed(frame);
  later('side-slot');
}

/* ---- what the telephone says: who waits, who is muted, who makes a sound ---- */
function line(frame) {
  const held = $('call-held'), clockOfIt = held?.querySelector('b');
  if (!held) return;
  held.hidden = !frame.on_hold;
  page.toggleAttribute('data-held', frame.on_hold);
  if (frame.on_hold) clockOfIt.dataset.started = frame.held_since; else delete clockOfIt.dataset.started;
  $('call-muted').hidden = !frame.agent_muted;
  quiet();
  heardAt = Date.now();
}

function levels(frame) {
  const box = $('call-levels');
  if (!box) return;
  box.hidden = false;
  for (const meter of box.children) if (meter.dataset.side in frame.levels) meter.value = frame.levels[meter.dataset.side];
  clearTimeout(fading);
  fading = setTimeout(() => { box.hidden = true; }, FADES);
}

function again() { location.reload(); }

function ended() {
  stop();
  announce(word('call_ended'));
  location.reload();   // the same address offers the wrap-up now
}

/* ---- what only the server knows: asked for in its time, never twice at once ---- */
function later(id) {
  if (due.has(id) || !$(id)) return;
  due.set(id, setTimeout(() => { due.delete(id); const el = $(id); if (el && !el.contains(document.activeElement)) window.htmx?.trigger(el, 'refresh'); }, due.size ? SIDE_EVERY : 600));
}

/* ---- speed ---- */
function speed(frame) {
  const badge = $('latency'), at = spoken.get(frame.segment_id);
  const ms = Math.max(frame.processing_time_ms ?? 0, at ? performance.now() - at : 0);
  if (!badge || !(frame.suggestions ?? []).length || !frame.segment_id) return;
  const slow = ms > Number(badge.dataset.slow), late = ms > Number(badge.dataset.fast);
  badge.hidden = false;
  badge.dataset.tone = slow ? 'bad' : late ? 'warn' : 'ai';
  badge.querySelector('[data-text]').textContent = word(slow ? 'slow_to_suggest' : 'to_suggest', { n: (ms / 1000).toFixed(1) });
}

/* ---- time and silence ---- */
function tick() {
  const now = Date.now();
  for (const el of document.querySelectorAll('[data-started]')) { const text = clock((now - Date.parse(el.dataset.started)) / 1000); if (el.textContent !== text) el.textContent = text; }
  const note = $('note-time');
  if (note) note.textContent = clock((now - started) / 1000);
  const silence = $('silence'), seconds = Math.floor((now - heardAt) / 1000);
  if (!silence || page.dataset.state !== 'active' || !linked || 'held' in page.dataset || seconds < Number(silence.dataset.after)) return;
  silence.hidden = false;
  silence.querySelector('p').textContent = word($('lines').children.length ? 'nothing_heard' : 'no_transcript', { n: seconds });
}

function quiet() { const silence = $('silence'); if (silence) silence.hidden = true; }

/* ---- without a link the page reads itself ---- */
async function poll() {
  if (linked || document.hidden || !navigator.onLine) return;
  try {
    const answer = await fetch(location.pathname, { headers: { 'X-Poll': '1' } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const line of fresh.querySelectorAll('#lines > li')) put(line.outerHTML);
    for (const id of ['side-slot', 'script-slot', 'whispers']) { const from = fresh.getElementById(id), to = $(id); if (from && to && !to.contains(document.activeElement)) to.replaceChildren(...from.childNodes); }
  } catch { /* offline: the callout says so, and the next look comes */ }
}

lines(page.dataset.caller, page.dataset.agent);
assist(started);
setInterval(tick, 1000);
if (['active', 'ringing'].includes(page.dataset.state)) {
  connect(page.dataset.session, heard, on => { linked = on; if (on) heardAt = Date.now(); });
  setInterval(poll, POLL);
}
