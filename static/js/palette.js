/* palette.js: Ctrl K and /: one field that finds tickets and jumps. Without it the link leads to the search page. */
import { bind } from './keys.js';
import { word } from './words.js';

const WAIT = 120;   // ms after the last key before asking
let menu = null, timer = 0, asked = '';

function build(label) {
  menu = Object.assign(document.createElement('div'), { id: 'palette', className: 'menu menu--palette', popover: 'auto' });
  menu.dataset.menu = '';
  const head = Object.assign(document.createElement('div'), { className: 'palette__search menu__search' });
  const input = Object.assign(document.createElement('input'), { type: 'search', maxLength: 256, placeholder: label, autocomplete: 'off' });
  input.setAttribute('aria-label', label);
  const found = Object.assign(document.createElement('div'), { id: 'palette-found' });
  head.append(input); menu.append(head, found); document.body.append(menu);
  input.addEventListener('input', event => { event.stopPropagation(); clearTimeout(timer); timer = setTimeout(() => ask(input.value.trim()), WAIT); });
  input.addEventListener('keydown', event => { if (event.key === 'Enter') { event.preventDefault(); const first = found.querySelector('a'); if (first) first.click(); else if (input.value.trim()) location.href = `/search/?q=${encodeURIComponent(input.value.trim())}`; } });
}

async function ask(text) {
  asked = text;
  const found = document.getElementById('palette-found');
  if (!text) { places(found); return; }
  try {
    const answer = await fetch(`/search/?part=palette&q=${encodeURIComponent(text)}`, { headers: { 'HX-Request': 'true' } });
    const html = answer.ok ? await answer.text() : '';
    if (asked === text) { places(found, text); found.insertAdjacentHTML('afterbegin', html); }   // the server escapes what people wrote
  } catch { places(found, text); }
}

function places(found, text = '') {
  const links = [...document.querySelectorAll('.rail a.rail__item')].filter(link => link.textContent.trim().toLowerCase().includes(text.toLowerCase()));
  found.replaceChildren(...links.slice(0, text ? 5 : 14).map(link => {
    const item = Object.assign(document.createElement('a'), { className: 'menu__item', href: link.href });
    const row = Object.assign(document.createElement('span'), { className: 'row' });
    row.append(link.querySelector('svg').cloneNode(true), link.title.replace(/ \(.*\)$/, '') || link.textContent.trim());
    item.append(row);
    return item;
  }));
}

function open(label) {
  if (!menu) build(label);
  menu.showPopover();
  const input = menu.querySelector('input');
  input.select(); input.focus();
  ask(input.value.trim());
}

export function start() {
  const link = document.querySelector('[data-palette]');
  if (!link) return;
  const label = link.title.replace(/ \(.*\)$/, '') || word('search');
  document.addEventListener('click', event => {
    const to = event.target.closest?.('[data-palette]');
    if (!to || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); open(label);
  });
  bind('Ctrl+k', () => open(label), { label });
}
