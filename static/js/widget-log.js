/* widget-log.js: the lines of the chat on the page. Whatever was said is set as text, never as HTML. */
const $ = id => document.getElementById(id);
const LINK = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;
const shown = new Map();   // number of a line: its element
let words = {}, lastAgent = '', rate = () => {};

/** The word of this name, with {braces} filled in. */
export const word = (name, values = {}) => (words[name] || name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));

export function start(given, onRate) { words = given; rate = onRate; }

/** Show lines that are not there yet, in the order of their numbers. Returns the new ones that were said by us. */
export function absorb(lines) {
  const low = nearEnd(), fresh = lines.filter(line => !shown.has(line.n));
  for (const line of fresh) {
    if (line.client_id) drop(line.client_id);
    if (line.role !== 'user') grown();
    if (line.role === 'agent' && line.name !== lastAgent) joined(line.name);
    shown.set(line.n, place(line, bubble(line)));
  }
  if (fresh.length && low) toEnd();
  return fresh.filter(line => line.role !== 'user');
}

/** Somebody is in the chat: said once for each of them. */
export function joined(name) {
  if (name === lastAgent) return;
  lastAgent = name;
  event(word('joined', { name: name || word('someone') }));
}

export const nobodyJoined = () => { lastAgent = ''; };

/** A line in the middle, by nobody. */
export function event(text) {
  const low = nearEnd(), item = copy('t-event');
  item.textContent = text;
  beforePending(item);
  if (low) toEnd();
}

/** What is on its way: at the end, until it comes back with a number. */
export function pending({ client_id: id, content }) {
  if (pendingOf(id)) return;
  const item = copy('t-me');
  item.dataset.client = id;
  fill(item, word('you'), content);
  $('log').append(item);
  toEnd();
}

/** An answer on its way, all of it so far; what is stored is read out, this is not. */
export function growing(text) {
  const low = nearEnd();
  if (!$('growing')) { const item = copy('t-ai'); item.id = 'growing'; item.setAttribute('aria-live', 'off'); $('log').append(item); }
  $('growing').querySelector('p').textContent = text;
  if (low) toEnd();
}

export const grown = () => $('growing')?.remove();

/** It did not get through; `again` sends it once more. */
export function unsent(id, text, again) {
  const item = pendingOf(id);
  if (!item || item.dataset.state === 'unsent') return;
  item.dataset.state = 'unsent';
  const note = copy('t-unsent');
  note.querySelector('span').textContent = text;
  const button = note.querySelector('button');
  button.textContent = word('send_again');
  button.addEventListener('click', () => { delete item.dataset.state; note.remove(); again(); });
  item.append(note);
}

export const drop = id => pendingOf(id)?.remove();

/** Nothing was said yet. */
export function clear() {
  for (const item of [...$('log').children]) if (item.id !== 'greeting') item.remove();
  shown.clear();
  lastAgent = '';
}

export const toEnd = () => { const log = $('log'); log.scrollTop = log.scrollHeight; };

const nearEnd = () => { const log = $('log'); return log.scrollHeight - log.scrollTop - log.clientHeight < 120; };
const copy = id => $(id).content.firstElementChild.cloneNode(true);
const pendingOf = id => [...$('log').children].find(item => item.dataset.client === id);
const beforePending = item => $('log').insertBefore(item, [...$('log').children].find(one => one.dataset.client || one.id === 'growing') || null);

function place(line, item) {
  const later = [...shown.keys()].filter(n => n > line.n);
  if (later.length) $('log').insertBefore(item, shown.get(Math.min(...later)));
  else beforePending(item);
  return item;
}

function bubble(line) {
  const item = copy({ user: 't-me', assistant: 't-ai', agent: 't-agent' }[line.role]);
  item.dataset.n = line.n;
  if (line.role === 'assistant') item.querySelector('p').textContent = line.content;
  else fill(item, line.role === 'user' ? word('you') : line.name || word('someone'), line.content);
  if (line.sources.length) sources(item, line);
  return item;
}

function fill(item, who, content) {
  item.querySelector('.who').textContent = who;
  const text = item.querySelector('p');
  let at = 0;
  for (const found of content.matchAll(LINK)) {   // people's addresses can be followed; the assistant's sources stand below its words
    const link = Object.assign(document.createElement('a'), { href: found[0], textContent: found[0], target: '_blank', rel: 'noopener noreferrer nofollow' });
    text.append(content.slice(at, found.index), link);
    at = found.index + found[0].length;
  }
  text.append(content.slice(at));
}

function sources(item, line) {
  for (const { title, url } of line.sources) {
    const address = URL.canParse(url, location.href) ? new URL(url, location.href) : null;
    if (!address || address.origin !== location.origin) continue;   // our own articles, and nothing that a text could smuggle in
    const card = copy('t-source');
    card.href = address.href;
    card.querySelector('b').textContent = title;
    item.querySelector('.sources').append(card);
  }
  const box = item.querySelector('.bubble__rate');
  box.hidden = false;
  box.querySelector('span').textContent = word('right');
  for (const button of box.querySelectorAll('button')) {
    button.setAttribute('aria-label', word(button.value === '5' ? 'yes' : 'no'));
    const press = value => { for (const one of box.querySelectorAll('button')) one.setAttribute('aria-pressed', String(Number(one.value) === value)); };
    press(line.rating);
    button.addEventListener('click', () => { press(Number(button.value)); rate(line.id, Number(button.value)); });
  }
}
