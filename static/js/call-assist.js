/* call-assist.js: cards and questions. One card is on top; a newer one waits behind a button while the present one is read,
   touched or typed beside, so nothing moves under the eyes. Cards keep their ids: a better wording is put in place. */
import { announce } from './announce.js';
import { rated, start as forms } from './call-forms.js';
import { clock, put } from './call-lines.js';
import { send } from './call-socket.js';
import { bind } from './keys.js';
import { word } from './words.js';

const SURE = .6, CLEARLY = .1, STAYS = 4000;   // screen.SURE; by how much; ms for which a card stays on top at least
const REFUSED = ['not_helpful', 'irrelevant'];
const cards = new Map();   // id → suggestion, as the socket brought it
let since = 0, paused = false, began = 0, waiting = null;

const $ = id => document.getElementById(id);
const current = () => $('say')?.querySelector('.say');
const icon = name => { const use = document.querySelector('.icon use')?.getAttribute('href').split('#')[0]; const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), link = document.createElementNS('http://www.w3.org/2000/svg', 'use'); svg.setAttribute('class', 'icon'); svg.setAttribute('aria-hidden', 'true'); link.setAttribute('href', `${use}#i-${name}`); svg.append(link); return svg; };

export function start(startedAt) {
  began = startedAt;
  since = current() ? Date.now() : 0;
  forms({ put, remember });
  $('newer')?.addEventListener('click', () => { if (waiting) show(waiting, true); });
  $('pause')?.addEventListener('click', event => { paused = !paused; event.currentTarget.setAttribute('aria-pressed', paused); if (!paused) consider(); });
  const where = '#say .say';
  bind('Enter', () => { if (document.activeElement?.closest('a, button, summary, [tabindex="0"]:not(#lines)')) return false; press('[name="into"][value="said"]'); }, { where, label: word('said_it') });
  bind('+', () => press('[value="helpful"]'), { where, label: word('helpful') });
  bind('-', () => press('[value="not_helpful"]'), { where, label: word('not_helpful') });
  bind('0', () => press('[value="irrelevant"]'), { where, label: word('irrelevant') });
  setInterval(consider, 1000);
}

const press = selector => { const button = current()?.querySelector(selector); button?.click(); return Boolean(button); };

/** Cards and questions as they stand now. What is no longer offered stays where it is, and comes up no more. */
export function update(frame) {
  const offered = new Set((frame.suggestions ?? []).map(card => card.id));
  for (const card of cards.values()) card.retired = !offered.has(card.id);
  for (const card of frame.suggestions ?? []) { const known = cards.get(card.id); cards.set(card.id, known ? { ...known, ...card, retired: false, feedback: card.feedback ?? known.feedback } : card); refresh(card); }
  consider();
  questions(frame.clarifying_questions ?? []);
}

/** A better wording of a card that is on screen. */
function refresh(card) {
  const el = current();
  if (el && Number(el.dataset.id) === card.id) { for (const name of ['title', 'content', 'why']) set(el, name, card[name] ?? ''); engine(el, card); return; }
  const row = $(`earlier-${card.id}`);
  if (row) { set(row, 'title', card.title); set(row, 'content', card.content ?? ''); set(row, 'why', card.why ?? ''); }
}

function wanted() {
  const open = [...cards.values()].filter(card => !card.retired && !REFUSED.includes(card.feedback));
  open.sort((a, b) => (Date.parse(b.created_at) - Date.parse(a.created_at)) || (b.confidence - a.confidence));
  return open.find(card => card.confidence >= SURE) ?? open.sort((a, b) => b.confidence - a.confidence)[0];
}

function consider() {
  const best = wanted();
  if (!best || paused || !$('say')) return;
  const here = current();
  for (const card of cards.values()) if (card !== best && Number(here?.dataset.id) !== card.id && !$(`earlier-${card.id}`)) fold(card);
  if (!here) { show(best); return; }
  if (Number(here.dataset.id) === best.id) { unwait(); return; }
  if (!fresher(best, here)) return;
  if (busy(here)) { wait(best); return; }
  show(best);
}

/** A card gives way to a newer one, to one of its age that has become clearly surer, or to a surer one when it was not sure itself. */
const fresher = (card, here) => { const old = cards.get(Number(here.dataset.id)); return !old || Date.parse(card.created_at) > Date.parse(old.created_at) || card.confidence > old.confidence + CLEARLY || old.confidence < SURE; };
const busy = card => Date.now() - since < STAYS || card.matches(':hover') || card.contains(document.activeElement);

function wait(card) {
  if (waiting === card) return;
  waiting = card;
  const button = $('newer');
  button.querySelector('span').textContent = word('newer', { title: card.title });
  button.hidden = false;
  announce(button.querySelector('span').textContent);
}

function unwait() { waiting = null; $('newer').hidden = true; }

function show(card, pressed = false) {
  const el = $('say-template').content.firstElementChild.cloneNode(true), old = current();
  if (old) fold(cards.get(Number(old.dataset.id)) ?? { id: Number(old.dataset.id), title: old.querySelector('h3').textContent, content: '', why: '', confidence: 0, feedback: old.querySelector('[aria-pressed="true"]')?.value });
  el.id = `say-${card.id}`; el.dataset.id = card.id;
  el.querySelector('h3').id = `say-title-${card.id}`;
  el.setAttribute('aria-labelledby', `say-title-${card.id}`);
  for (const name of ['title', 'content', 'why']) set(el, name, card[name] ?? '');
  engine(el, card);
  set(el, 'kind', word(`kind_${card.type}`));
  set(el, 'arrived', word('arrived', { time: clock(arrived(card)) }));
  confidence(el.querySelector('.conf'), card.confidence);
  source(el.querySelector('[data-f="source"]'), card.source);
  for (const form of el.querySelectorAll('form')) form.action = form.getAttribute('action').replace('/suggestions/0/', `/suggestions/${card.id}/`);
  rated(el, card.feedback);
  if (old) old.replaceWith(el); else $('say').append(el);
  $(`earlier-${card.id}`)?.remove();
  $('say-none').hidden = true;
  since = Date.now();
  unwait();
  if (pressed) el.querySelector('button')?.focus({ preventScroll: true });
  send({ type: 'shown', suggestion_ids: [card.id] });
  announce(word('suggested', { title: card.title, percent: Math.round(card.confidence * 100) }));
}

const engine = (el, card) => { el.querySelector('[data-f="engine"]').hidden = card.engine !== 'model'; };
const arrived = card => (Date.parse(card.created_at) - began) / 1000;
const set = (el, name, text) => { const part = el.querySelector(`[data-f="${name}"]`); if (part && part.textContent !== String(text)) part.textContent = text; };

function confidence(meter, value) {
  const percent = Math.round(value * 100);
  meter.title = `${percent}%`;
  meter.lastChild.textContent = `${percent}%`;
  meter.querySelectorAll('rect').forEach((bar, n) => bar.toggleAttribute('data-off', percent < (n + 1) * 20 - 8));
}

function source(link, from) {
  link.hidden = !from?.url;
  link.textContent = from?.title ?? '';
  if (from?.url && /^(\/|https?:)/.test(from.url)) link.href = from.url; else link.removeAttribute('href');
}

/** Into the list of earlier ones, with its rating. */
function fold(card) {
  const list = $('earlier');
  let row = $(`earlier-${card.id}`);
  if (!row) {
    row = $('earlier-template').content.firstElementChild.cloneNode(true);
    row.id = `earlier-${card.id}`; row.dataset.id = card.id;
    for (const form of row.querySelectorAll('form')) form.action = form.getAttribute('action').replace('/suggestions/0/', `/suggestions/${card.id}/`);
    list.prepend(row);
  }
  for (const name of ['title', 'content', 'why']) set(row, name, card[name] ?? '');
  if (card.created_at) set(row, 'arrived', clock(arrived(card)));
  rated(row, card.feedback);
  $('earlier-section').hidden = false;
}

function remember(holder, value) {
  const card = cards.get(Number(holder?.dataset.id));
  if (card) card.feedback = value;
}

/* ---- questions ---- */
function questions(open) {
  const list = $('asks');
  if (!list) return;
  const ids = new Set(open.map(one => one.id));
  for (const one of open) if (!$(`ask-${one.id}`)) list.append(asking(one));
  let next = false;
  for (const row of list.children) {
    const id = Number(row.id.replace('ask-', '')), done = row.hasAttribute('data-done') || !ids.has(id);
    row.toggleAttribute('data-done', done);
    row.toggleAttribute('data-next', !done && !next);
    row.querySelector('[data-f="icon"]').replaceChildren(icon(done ? 'circle-check' : next ? 'circle' : 'circle-dot'));
    next ||= !done;
  }
  $('asks-section').hidden = !list.children.length;
  $('asks-count').textContent = word('answered', { done: list.querySelectorAll('[data-done]').length, whole: list.children.length });
}

function asking(one) {
  const row = $('ask-template').content.firstElementChild.cloneNode(true);
  row.id = `ask-${one.id}`;
  set(row, 'text', one.text);
  return row;
}

/** A rating that was made elsewhere: another tab, a supervisor's screen. */
export function judged(frame) {
  for (const id of [`say-${frame.suggestion_id}`, `earlier-${frame.suggestion_id}`]) rated($(id), frame.feedback);
  remember({ dataset: { id: frame.suggestion_id } }, frame.feedback);
}
