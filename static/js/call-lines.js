/* call-lines.js: the rolling transcript. A partial line is grey until its final comes; a final line is never rewritten. Lines
   stand by the time at which they were spoken, whenever they arrive. The list moves only for who reads its end. */
import { announce } from './announce.js';
import { counted } from './words.js';

const NEAR = 48;   // px from the end that still count as the end
let names = { c: '', a: '' }, values = [], behind = 0, aloud = false;

const $ = id => document.getElementById(id);
const SIDES = { customer: 'c', agent: 'a', system: 's' };
const atEnd = () => { const list = $('lines'); return list.scrollHeight - list.scrollTop - list.clientHeight < NEAR; };

export function start(caller, agent) {
  names = { c: caller, a: agent };
  toEnd();
  let stuck = true;
  new ResizeObserver(() => { if (stuck) toEnd(); }).observe($('lines'));   // a whisper below takes room from it
  $('lines').addEventListener('scroll', () => { stuck = atEnd(); }, { passive: true });
  $('lines').addEventListener('scroll', () => { if (atEnd()) jumped(); }, { passive: true });
  $('jump').addEventListener('click', () => { toEnd(); jumped(); });
  $('read-aloud')?.addEventListener('click', event => { aloud = !aloud; event.currentTarget.setAttribute('aria-pressed', aloud); });
}

/** "04:37" */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), two = n => String(n).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  return (hours ? [hours, two(Math.floor(whole % 3600 / 60))] : [two(Math.floor(whole / 60))]).concat(two(whole % 60)).join(':');
}

/** A segment, final or not, as the socket brings it. */
export function segment(data) {
  const side = SIDES[data.speaker] ?? 's', id = data.is_final === false ? `partial-${side}` : `seg-${data.id}`;
  if (data.is_final !== false) { const partial = $(`partial-${side}`); if (partial && Number(partial.dataset.at) <= data.end_time + .5) partial.remove(); }
  const known = $(id);
  if (known && data.is_final !== false) return false;
  const line = known ?? blank(id, side, data.start_time);
  line.toggleAttribute('data-partial', data.is_final === false);
  fill(line.querySelector('[data-f="text"]'), data.text, side);
  if (known) { line.dataset.at = data.start_time; follow(false); } else place(line, data.is_final !== false);
  if (aloud && data.is_final !== false) announce(`${names[side] ?? ''}: ${data.text}`);
  return true;
}

/** A ready line of the server's: a note. */
export function put(html) {
  const box = document.createElement('template');
  box.innerHTML = html.trim();   // our own template, which escapes what people wrote
  const line = box.content.firstElementChild;
  if (line && !$(line.id)) place(line, false);
}

/** What is underlined from now on, in what was said already as well. */
export function entities(found) {
  const next = [...new Set(found.map(entity => entity.value).filter(value => value?.length > 1))].sort((a, b) => b.length - a.length);
  if (next.join('\n') === values.join('\n')) return;
  const fresh = next.filter(value => !values.includes(value)).map(value => value.toLocaleLowerCase());
  values = next;
  for (const text of document.querySelectorAll('#lines .line[data-side="c"] [data-f="text"]')) {
    const words = text.textContent, lower = words.toLocaleLowerCase();
    if (fresh.some(value => lower.includes(value))) fill(text, words, 'c');
  }
}

function blank(id, side, at) {
  const line = $('line-template').content.firstElementChild.cloneNode(true);
  line.id = id; line.dataset.side = side; line.dataset.at = at;
  line.querySelector('time').textContent = clock(at);
  line.querySelector('[data-f="who"]').textContent = names[side] ?? '';
  return line;
}

/** The words with what was recognised underlined; lines.pieces_of does the same on the server. */
function fill(el, text, side) {
  if (side !== 'c' || !values.length) { el.textContent = text; return; }
  const parts = text.split(new RegExp(`(${values.map(value => value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'giu'));
  el.replaceChildren(...parts.filter(Boolean).map(part => {
    if (!values.some(value => value.toLocaleLowerCase() === part.toLocaleLowerCase())) return part;
    return Object.assign(document.createElement('mark'), { className: 'ent', textContent: part });
  }));
}

function place(line, counts) {
  const list = $('lines'), end = atEnd(), at = Number(line.dataset.at);
  $('lines-none')?.remove();
  const later = [...list.children].reverse().findIndex(other => Number(other.dataset.at) <= at);   // most come last
  const height = list.scrollHeight;
  list.insertBefore(line, later < 0 ? list.firstElementChild : list.children[list.children.length - later] ?? null);
  if (end) { toEnd(); return; }
  if (line.offsetTop < list.scrollTop) list.scrollTop += list.scrollHeight - height;   // came in above: what is read stays where it is
  follow(counts);
}

function follow(counts) {
  if (atEnd()) { toEnd(); return; }
  if (counts) behind += 1;
  const jump = $('jump');
  jump.hidden = false;
  if (behind) jump.querySelector('span').textContent = counted('new_lines', behind);
}

const toEnd = () => { const list = $('lines'); list.scrollTop = list.scrollHeight; };
function jumped() { behind = 0; $('jump').hidden = true; }
