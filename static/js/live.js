/* live.js: the console's one WebSocket. The server sends ready HTML by element id with a rising number; this file puts it
   in place without moving what a person points at, types in or reads. After a break it asks for what it missed; while
   there is no socket, htmx polls. */
import { announce, toast } from './announce.js';
import { emit, on } from './bus.js';
import { counted, word } from './words.js';

const WAITS = [1000, 2000, 4000, 8000, 15000];   // ms before each further try, plus jitter
const POLL = 20000;          // ms between two reads while there is no socket
const STILL = 3000;          // ms without pointer or key before a row may jump
const PING = 20000;          // ms
const TYPING_STAYS = 6000;   // ms after the last sign of typing
let socket = null, tries = 0, n = 0, since = null, lastTouch = 0, retry = 0, timers = {}, latency = '', stopped = false;
const moves = new Map();     // rows that wait for a still hand
const fresh = new Map();     // new rows behind the bar
const later = new Map();     // parts that have the focus now

const $ = id => document.getElementById(id);
const sheet = () => $('sheet');
const page = () => ({ view: sheet()?.dataset.view ?? '', sort: sheet()?.dataset.sort ?? '', ticket: $('conversation')?.dataset.number ?? '' });

/* ---- the connection ---- */
function connect() {
  clearTimeout(retry);
  if (stopped || (socket && socket.readyState < 2)) return;
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/`;
  socket = new WebSocket(url);
  socket.addEventListener('open', () => { send({ type: 'hello', n, ...page() }); });
  socket.addEventListener('message', event => heard(JSON.parse(event.data)));
  socket.addEventListener('close', event => lost(event.code));
}

function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function lost(code) {
  socket = null;
  if (code === 4401) { stopped = true; state('bad', word('signed_out'), ''); location.reload(); return; }
  since ??= new Date();
  const wait = WAITS[Math.min(tries, WAITS.length - 1)] * (.8 + Math.random() * .4);
  tries += 1;
  retry = setTimeout(connect, wait);
  if (navigator.onLine && tries < WAITS.length) state('warn', word('reconnecting', { n: tries }), word('in_seconds', { n: Math.round(wait / 1000) }));
  else { state('bad', word('offline_since', { time: since.toTimeString().slice(0, 5) }), '', true); if (tries === WAITS.length) announce(word('live_off'), { urgent: true }); }
  emit('live:state', false);
}

function heard(what) {
  if (what.pong) { latency = `${Math.round(performance.now() - what.pong)} ms`; state('good', word('live_on'), latency); return; }
  if (tries || since || !document.documentElement.dataset.live) { tries = 0; since = null; document.documentElement.dataset.live = 'on'; state('good', word('live_on'), latency); emit('live:state', true); send({ type: 'ping', at: performance.now() }); }
  if (what.n) n = Math.max(n, what.n);
  if (what.reload) { reload(); toast(word('list_reloaded'), { stays: 3000 }); }
  for (const op of what.ops ?? []) apply(op);
}

function state(tone, text, more, button = false) {
  const line = $('link-state');
  if (!line) return;
  line.hidden = false;
  const dot = Object.assign(document.createElement('span'), { className: 'dot' });
  dot.dataset.tone = tone;
  if (tone === 'warn') dot.dataset.live = '';
  const end = Object.assign(document.createElement(button ? 'button' : 'span'), { className: button ? 'btn push' : 'push num', textContent: button ? word('retry') : more });
  if (button) { end.type = 'button'; end.addEventListener('click', () => { tries = 0; connect(); }); }
  if (line.dataset.said !== text) { line.replaceChildren(dot, text, end); line.dataset.said = text; } else line.lastChild.replaceWith(end);
}

/* ---- what to do ---- */
const deeds = { row, remove, item, replace, number, refresh, presence, gone, draft: op => emit('draft:writing', op), drafted: op => emit('draft:written', op) };
function apply(op) { deeds[op.op]?.(op); }

function fragment(html) {
  const box = document.createElement('template');
  box.innerHTML = html;   // rendered by our own templates, which escape what people wrote
  return box.content.firstElementChild;
}

function done(el) {
  window.htmx?.process(el);
  emit('live:changed', el);
}

const touching = () => Date.now() - lastTouch < STILL || $('queue-scroll')?.matches(':hover') || $('queue-scroll')?.contains(document.activeElement);

/* ---- rows ---- */
/** A row that was clicked and waits for its ticket stays in the page: htmx looks for the places of the answer from there. */
const opening = el => el?.querySelector('.htmx-request');

/** Drawn before its ticket was opened here, a row does not know that it is the open one. */
function rowOf(html) {
  const next = fragment(html);
  if (next.id === `t-${$('conversation')?.dataset.number}`) next.querySelector('.ticket-row').setAttribute('aria-current', 'true');
  return next;
}

function row(op) {
  if (!$('queue-scroll')) return;
  const old = $(op.id);
  if (opening(old)) { moves.set(op.id, op); return; }
  if (old && old.dataset.key === op.key && old.parentElement.id === op.list) { swap(old, op.html); return; }
  if (old && touching()) { swapInPlace(old, op); moves.set(op.id, op); return; }
  if (!old && ($('queue-scroll').scrollTop > 8 || touching())) { if (within(op)) { fresh.set(op.id, op); bar(); } return; }
  old?.remove();
  place(op);
}

function swap(old, html) {
  const next = rowOf(html);
  const focused = old.contains(document.activeElement), picked = old.querySelector('.ticket-row__pick')?.checked;
  const pick = next.querySelector('.ticket-row__pick');
  if (picked && !pick.disabled) pick.checked = true;
  old.replaceWith(next);
  done(next);
  if (focused) next.querySelector('.ticket-row').focus({ preventScroll: true });
  return next;
}

function swapInPlace(old, op) {
  const key = old.dataset.key, next = swap(old, op.html);
  next.dataset.key = key;       // it stands where it stood until the hand is still
  next.dataset.moving = '';
}

const descending = () => ['newest', 'recent'].includes(sheet()?.dataset.sort);
function before(a, b) {
  const [x, y] = [a, b].map(key => (key.startsWith('_') ? '~' : key));   // rows without an instant come last
  return descending() ? x > y : x < y;
}

function within(op) {   // a row behind the last loaded one comes with "Load more"
  const list = $(op.list), last = list?.lastElementChild;
  return !(document.querySelector('#queue-more a') && last && !before(op.key, last.dataset.key));
}

function place(op) {
  const list = $(op.list);
  if (!list) { emit('list:refresh'); return; }
  if (!within(op)) return;
  const next = rowOf(op.html);
  const behind = [...list.children].find(other => before(op.key, other.dataset.key));
  list.insertBefore(next, behind ?? null);
  heads();
  done(next);
}

function remove(op) {
  fresh.delete(op.id); moves.delete(op.id); bar();
  const el = $(op.id);
  if (!el) return;
  if (opening(el) || el.querySelector('[aria-current="true"]') || el.contains(document.activeElement)) { el.dataset.leaving = ''; return; }   // the open one stays until another is opened
  el.remove();
  heads();
}

function heads() {
  for (const list of document.querySelectorAll('#queue-scroll > ul')) {
    const head = $(list.id.replace('rows-', 'head-'));
    if (head) head.hidden = !list.children.length;
  }
  document.querySelector('#queue-scroll > .empty')?.toggleAttribute('hidden', Boolean(document.querySelector('#queue-scroll li')));
}

function bar() {
  const button = $('queue-new');
  if (!button) return;
  button.hidden = !fresh.size;
  button.textContent = counted('new_tickets', fresh.size);
  if (fresh.size) announce(button.textContent);
}

function showFresh() {
  const waiting = [...fresh.values()];
  fresh.clear(); bar();
  for (const op of waiting) { $(op.id)?.remove(); place(op); }
  $('queue-scroll').scrollTop = 0;
}

function settle() {
  if (touching()) return;
  for (const [id, op] of moves) if (!opening($(id))) { moves.delete(id); $(id)?.remove(); place(op); }
  for (const [id, op] of later) if (!busy($(id))) { later.delete(id); (op.ids ? refresh : replace)(op); }
}

/* ---- the open ticket ---- */
const busy = el => el && (el.contains(document.activeElement) || el.querySelector(':popover-open'));

function replace(op) {
  const el = $(op.id);
  if (!el) return;
  if (busy(el)) { later.set(op.id, op); return; }
  const next = fragment(op.html);
  el.replaceWith(next);
  done(next);
}

function item(op) {
  const thread = $('thread');
  if (!thread) return;
  const atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 60;
  const old = $(op.id), next = fragment(op.html);
  if (old) {
    if (old.matches('details')) return;   // folded and read: nothing to see anew but its state, which the page brings
    old.replaceWith(next);
  } else {
    if (!thread.querySelector(`[data-day="${CSS.escape(op.day)}"]`)) { const day = fragment(op.day_html); thread.append(day); }
    const at = Date.parse(op.at);
    const behind = [...thread.querySelectorAll('[data-at]')].find(other => Date.parse(other.dataset.at) > at + 999);
    thread.insertBefore(next, behind ?? null);
    if (op.name) { announce(word('wrote', { name: op.name })); if (!op.chat) emit('live:collision', op); presenceOff(op.author); }
  }
  done(next);
  if (atEnd) thread.scrollTop = thread.scrollHeight;
}

function number(op) {
  const el = $(op.id);
  if (el && el.textContent !== op.text) el.textContent = op.text;
  if (el) { if (op.tone) el.dataset.tone = op.tone; else delete el.dataset.tone; }
  for (const other of document.querySelectorAll(`[data-count="${CSS.escape(op.id.replace('count-', ''))}"]`)) other.textContent = op.text;
}

/* An open menu, and a field that is being filled in, wait for their person: what is typed there would be gone. */
const filling = el => el.querySelector(':popover-open') || (el.contains(document.activeElement) && document.activeElement.matches('input, textarea, select'));

function refresh(op) {
  for (const id of op.ids) {
    const el = $(id);
    if (!el || (id === 'draft-slot' && $('body')?.value)) continue;
    if (filling(el)) later.set(id, { id, ids: [id] });
    else window.htmx?.trigger(el, 'refresh');
  }
}

function presence(op) {
  const line = $('presence');
  if (!line) return;
  line.innerHTML = op.html;   // ours, escaped
  line.dataset.who = op.who; line.hidden = false;
  clearTimeout(timers.presence);
  timers.presence = setTimeout(() => presenceOff(op.who), TYPING_STAYS);
}

function presenceOff(who) {
  const line = $('presence');
  if (line?.dataset.who === who) line.hidden = true;
}

function gone() { toast(word('not_yours')); }

/* ---- without a socket ---- */
function reload() {
  emit('list:refresh');
  const thread = $('thread');
  if (thread && window.htmx) window.htmx.ajax('GET', `${location.pathname}?part=thread`, { target: '#thread', swap: 'innerHTML' });
}

function poll() {
  if (document.hidden || socket?.readyState === WebSocket.OPEN || !navigator.onLine) return;
  reload();
  refresh({ ids: ['ring-slot', 'bell'] });
}

export function start() {
  if (!$('link-state')) return;
  n = Number(sheet()?.dataset.n) || 0;
  connect();
  setInterval(poll, POLL);
  setInterval(settle, 1000);
  setInterval(() => send({ type: 'ping', at: performance.now() }), PING);
  const touched = event => { if (event.target.closest?.('#queue')) lastTouch = Date.now(); };
  for (const name of ['pointermove', 'wheel', 'keydown']) document.addEventListener(name, touched, { passive: true });
  document.addEventListener('click', event => { if (event.target.id === 'queue-new') showFresh(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && !socket) { tries = 0; connect(); } });
  addEventListener('online', () => { tries = 0; connect(); });
  addEventListener('offline', () => socket?.close());
  addEventListener('pagehide', () => { stopped = true; socket?.close(); });
  addEventListener('pageshow', event => { if (event.persisted) { stopped = false; connect(); } });
  on('ticket:opened', () => { for (const el of document.querySelectorAll('[data-leaving]')) if (!el.querySelector('[aria-current="true"]')) el.remove(); send({ type: 'page', ...page() }); });
  on('composer:typing', kind => send({ type: 'typing', kind }));
}
