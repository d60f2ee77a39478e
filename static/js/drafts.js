/* drafts.js: a model's draft while it is being written. The local one stands meanwhile and can be used; what comes in is read only,
   and gives way to the checked draft. Text alone, never HTML. */
import { on } from './bus.js';
import { post } from './http.js';
import { word } from './words.js';

const slot = () => document.getElementById('draft-slot');
const writing = () => slot()?.querySelector('[data-writing]');
let stopped = '';

function card(draft) {
  const box = document.createElement('section'), head = document.createElement('header'), text = document.createElement('p');
  box.className = 'draft draft--bare'; box.dataset.writing = draft; box.setAttribute('aria-busy', 'true'); box.setAttribute('aria-label', word('writing'));
  head.className = 'draft__head'; text.className = 'draft__text prewrap'; text.dir = 'auto';
  const title = Object.assign(document.createElement('span'), { textContent: word('writing') });
  const stop = Object.assign(document.createElement('button'), { type: 'button', className: 'btn push', textContent: word('stop') });
  stop.dataset.variant = 'quiet';
  stop.addEventListener('click', () => { stopped = draft; box.remove(); post(`/assist/drafts/${draft}/stop/`).catch(() => {}); });
  head.append(title, stop); box.append(head, text);
  return box;
}

function show({ draft, text }) {
  if (!slot() || draft === stopped || document.getElementById('body')?.value) return;   // who writes already is not disturbed
  let box = writing();
  if (box?.dataset.writing !== draft) { box?.remove(); box = card(draft); slot().append(box); }
  box.querySelector('p').textContent = text;
}

function done({ draft }) {
  if (writing()?.dataset.writing !== draft) return;
  writing().remove();
  if (!document.getElementById('body')?.value) window.htmx?.trigger(slot(), 'refresh');
}

export function start() {
  on('draft:writing', show);
  on('draft:written', done);
  on('ticket:opened', () => { stopped = ''; });
}
