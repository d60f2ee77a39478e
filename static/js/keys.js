/* keys.js: the keyboard. Markup says what a key does: `data-keys="e"` or `data-keys="g i"` on a button, link
   or field is pressed, followed or focused. Modules add their own with bind(). Single keys work only outside
   fields and only when the person has not turned them off (WCAG 2.1.4); Ctrl combinations always work. */
const SEQUENCE = 1200;   // ms to press the second key of "g i"
const bound = new Map();
let prefix = '', prefixAt = 0;

/** Run `act(event)` for a key: "j", "Shift+J", "Ctrl+Enter", "g i". `where` is a selector that must be on the
    page; `label` puts it in the list of "?". Return false from `act` to let the browser go on. */
export function bind(keys, act, { where = '', label = '' } = {}) {
  bound.set(keys + where, { keys, act, where, label });
}

export function start() {
  document.addEventListener('keydown', press);
  document.getElementById('keys-help')?.addEventListener('toggle', event => { if (event.newState === 'open') list(); });
}

const inField = el => el?.closest?.('input:not([type="checkbox"], [type="radio"], [type="submit"]), textarea, select, [contenteditable="true"]');
const singleKeys = () => document.body.dataset.singleKeys !== 'off';

function press(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  const combination = event.ctrlKey || event.metaKey;
  if (!combination && (inField(event.target) || !singleKeys() || !event.key)) return;
  const keys = named(event, combination);
  const wanted = !combination && prefix && Date.now() - prefixAt < SEQUENCE ? `${prefix} ${keys}` : keys;
  prefix = keys === 'g' && wanted === 'g' ? 'g' : ''; prefixAt = Date.now();
  if (run(wanted, event)) event.preventDefault();
}

function named(event, combination) {
  const letter = event.key.length === 1;
  const key = letter ? event.key.toLocaleLowerCase() : event.key;
  const shifted = event.shiftKey && (!letter || /[a-z]/i.test(event.key));
  return `${combination ? 'Ctrl+' : ''}${shifted ? 'Shift+' : ''}${letter && shifted ? key.toLocaleUpperCase() : key}`;
}

function run(keys, event) {
  for (const entry of bound.values()) {
    if (entry.keys === keys && (!entry.where || document.querySelector(entry.where)) && entry.act(event) !== false) return true;
  }
  const el = [...document.querySelectorAll(`[data-keys="${CSS.escape(keys)}"]`)].filter(shown).at(-1);
  if (!el) return false;
  if (inField(el)) el.focus(); else el.click();
  return true;
}

const shown = el => !el.disabled && el.getAttribute('aria-disabled') !== 'true' && (el.closest('[popover]') ? !el.closest('[hidden]') : el.getClientRects().length > 0 || el.closest('.rail'));

function list() {
  const rows = [...bound.values()].filter(e => e.label && (!e.where || document.querySelector(e.where))).map(e => [e.keys, e.label]);
  for (const el of document.querySelectorAll('[data-keys]:not(:disabled)')) rows.push([el.dataset.keys, called(el)]);
  const seen = new Map(rows.filter(([, label]) => label));
  document.getElementById('keys-list').replaceChildren(...[...seen].map(([keys, label]) => row(keys, label)));
}

/** What a button is called, without its keys. */
function called(el) {
  const text = el.cloneNode(true);
  for (const key of text.querySelectorAll('.kbd')) key.remove();
  return (el.getAttribute('aria-label') || el.title || text.textContent).replace(/ \([^()]*\)$/, '').trim();
}

function row(keys, label) {
  const div = document.createElement('div'), dt = document.createElement('dt'), dd = document.createElement('dd');
  dt.textContent = label;
  dd.append(...keys.split(/[ +](?=.)/).map(key => Object.assign(document.createElement('kbd'), { className: 'kbd', textContent: key })));
  div.append(dt, dd);
  return div;
}
