/* macros.js: the list that / opens at the start of a line of the reply. The caret stays in the field; arrows choose, Enter takes, Esc
   closes. The server ranks, fills in and marks what has no value; here the text goes in, and what the macro does waits for the sending. */
import { announce } from './announce.js';
import { on } from './bus.js';
import { word } from './words.js';

const PAUSE = 90;   // ms after the last key before the server is asked
const LONGEST = 40; // characters of a query
const HOLE = /\{\{\s*[a-z_]+(?:\.[a-z_]+)?\s*\}\}/;
let asked = 0, timer = 0, begins = -1, byButton = false;

const field = () => document.getElementById('body');
const menu = () => document.getElementById('macro-menu');
const list = () => document.getElementById('macro-list');
const isOpen = () => menu()?.matches(':popover-open') ?? false;
const options = () => [...(list()?.querySelectorAll('[role="option"]') ?? [])];
const current = () => list()?.querySelector('[aria-selected="true"]');

/* ---- what stands before the caret ---- */
function slash() {
  const body = field(), caret = body.selectionStart;
  if (caret !== body.selectionEnd) return null;
  const from = body.value.lastIndexOf('\n', caret - 1) + 1, line = body.value.slice(from, caret);
  return line.startsWith('/') && line.length <= LONGEST ? { from, query: line.slice(1) } : null;
}

function typed(event) {
  if (event.target.id !== 'body') return;
  if (!field().value.trim()) chips().replaceChildren(), chips().hidden = true;
  const at = event.inputType?.startsWith('insert') || isOpen() ? slash() : null;
  if (!at) { close(); return; }
  begins = at.from;
  clearTimeout(timer);
  timer = setTimeout(() => ask(at.query), at.query ? PAUSE : 0);
}

async function ask(query) {
  const mine = ++asked, place = menu();
  const answer = await fetch(`${place.dataset.url}?q=${encodeURIComponent(query)}`, { headers: { 'HX-Request': 'true' } }).catch(() => null);
  if (mine !== asked || !answer?.ok || place !== menu() || !slash()) return;
  list().innerHTML = await answer.text();   // rendered by our own templates, which escape what people wrote
  if (!options().length && query) { close(); return; }
  open();
}

/* ---- the list ---- */
function open() {
  if (!isOpen()) {
    menu().showPopover();
    const at = field().getBoundingClientRect(), box = menu().getBoundingClientRect();
    menu().style.inset = 'auto';
    menu().style.left = `${Math.max(4, Math.min(at.left, innerWidth - box.width - 4))}px`;
  }
  menu().style.bottom = `${Math.max(4, innerHeight - field().getBoundingClientRect().top + 4)}px`;
  field().setAttribute('aria-controls', 'macro-list');
  field().setAttribute('aria-expanded', 'true');
  mark(current() ?? options()[0]);
}

function close() {
  asked += 1; clearTimeout(timer);
  if (isOpen()) menu().hidePopover();
  field()?.removeAttribute('aria-activedescendant');
  field()?.setAttribute('aria-expanded', 'false');
}

function mark(option) {
  for (const one of options()) one.setAttribute('aria-selected', one === option);
  if (!option) return;
  field().setAttribute('aria-activedescendant', option.id);
  option.scrollIntoView({ block: 'nearest' });
}

function pressed(event) {
  if (event.target.id !== 'body' || !isOpen() || event.isComposing) return;
  const all = options(), at = all.indexOf(current());
  const deeds = {
    ArrowDown: () => mark(all[(at + 1) % all.length]),
    ArrowUp: () => mark(all[(at - 1 + all.length) % all.length]),
    Enter: () => take(current()),
    Escape: () => { if (byButton) erase(); close(); },
  };
  if (!deeds[event.key] || event.ctrlKey || event.metaKey || (event.key === 'Enter' && !current())) return;
  event.preventDefault(); event.stopImmediatePropagation();
  deeds[event.key]();
}

function erase() { field().setRangeText('', begins, field().selectionStart, 'end'); }

/* ---- using one ---- */
function take(option) {
  erase(); close();
  use(option);
}

function use(el) {
  const text = el.querySelector('[data-macro-text]')?.value;
  if (!text) { window.htmx.ajax('POST', el.dataset.use, { target: '#ticket-head', swap: 'outerHTML' }); announce(el.dataset.title); return; }
  const body = field(), from = body.selectionStart;
  body.focus();
  body.setRangeText(text, from, body.selectionEnd, 'end');
  const hole = HOLE.exec(text);
  if (hole) body.setSelectionRange(from + hole.index, from + hole.index + hole[0].length);
  note(el);
  body.dispatchEvent(new Event('input', { bubbles: true }));
  announce(hole ? word('macro_hole', { name: hole[0] }) : el.dataset.title);
}

const chips = () => document.getElementById('composer-macros');

/** The macro, and what it will do, stand under the text until it is sent; taken away, only the text stays. */
function note(el) {
  if (chips().querySelector(`[value="${CSS.escape(el.dataset.macro)}"]`)) return;
  const chip = Object.assign(document.createElement('span'), { className: 'chip' });
  const input = Object.assign(document.createElement('input'), { type: 'hidden', name: 'macro', value: el.dataset.macro });
  const off = Object.assign(document.createElement('button'), { type: 'button', textContent: '×' });
  off.setAttribute('aria-label', word('remove', { name: el.dataset.title }));
  off.addEventListener('click', () => { chip.remove(); chips().hidden = !chips().children.length; field().focus(); });
  const title = Object.assign(document.createElement('b'), { textContent: el.dataset.title, dir: 'auto' });
  chip.append(input, title, el.dataset.does ? ` ${word('on_send', { what: el.dataset.does })}` : '', off);
  chips().append(chip);
  chips().hidden = false;
}

/** Every hole that is left is gone through with the first send, which says so. */
function clicked(event) {
  const option = event.target.closest?.('#macro-list [role="option"]');
  if (option) { field().focus(); take(option); return; }
  const insert = event.target.closest?.('[data-macro-insert]');
  if (insert) { document.querySelector('.console').dataset.pane = 'thread'; use(insert.closest('[data-macro]')); return; }
  if (event.target.closest?.('[data-macros]')) { beginByButton(); return; }
  if (isOpen() && !event.target.closest?.('#macro-menu, #body')) close();
}

function beginByButton() {
  const body = field();
  body.focus();
  if (isOpen()) { erase(); close(); return; }
  const at = body.selectionStart, fresh = !at || body.value[at - 1] === '\n';
  body.setRangeText(fresh ? '/' : '\n/', at, body.selectionEnd, 'end');
  byButton = true;
  body.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText' }));
}

export function start() {
  document.addEventListener('keydown', pressed, true);
  document.addEventListener('input', event => { if (event.target.id === 'body' && event.isTrusted) byButton = false; typed(event); });
  document.addEventListener('click', clicked);
  document.addEventListener('mousedown', event => { if (event.target.closest?.('#macro-menu')) event.preventDefault(); });   // the caret stays
  on('ticket:opened', close);
}
