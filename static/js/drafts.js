/* drafts.js: a model's draft while it is being written. The local one stands meanwhile and can be used; what comes in is read only,
   and gives way to the checked draft. Text alone, never HTML. */
import { on } from './bus.js';
import { post } from './http.js';
import { word } from './words.js';

const slot = () => document.getElementById('draft-slot');
const field = () => document.getElementById('body');
const writing = () => slot()?.querySelector('[data-writing]');
const changing = () => slot()?.querySelector('[data-changing]');   // the draft that a model writes anew on an agent's word
let stopped = '', last = null;

function card(draft) {
  const box = document.createElement('section'), head = document.createElement('header'), text = document.createElement('p');
  box.className = 'draft'; box.dataset.writing = draft; box.setAttribute('aria-busy', 'true'); box.setAttribute('aria-label', word('writing'));
  head.className = 'draft__head'; text.className = 'draft__text prewrap'; text.dir = 'auto';
  const title = Object.assign(document.createElement('span'), { textContent: word('writing') });
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'btn push', textContent: word('stop') });
  button.dataset.variant = 'quiet';
  button.addEventListener('click', () => stop(draft));
  head.append(title, button); box.append(head, text);
  return box;
}

function show(what) {
  if (!slot() || what.draft === stopped) return;
  if (field()?.value) { end(); return; }   // who writes already is not disturbed
  last = what;
  let box = writing();
  if (box?.dataset.writing !== what.draft) { box?.remove(); box = card(what.draft); slot().append(box); }
  box.querySelector('p').textContent = what.text;
  if (changing()) changing().hidden = true;   // the words on their way say so themselves
}

function end() {
  last = null;
  writing()?.remove();
}

function stop(draft) {
  stopped = draft;
  end();
  post(`/assist/drafts/${draft}/stop/`).then(readAnew, () => {});
  field()?.focus();
}

function readAnew() {
  if (!field()?.value) window.htmx?.trigger(slot(), 'refresh');
}

function done({ draft }) {
  if (![last?.draft, changing()?.dataset.changing].includes(draft)) return;
  end();
  readAnew();
}

export function start() {
  on('draft:writing', show);
  on('draft:written', done);
  on('ticket:opened', () => { stopped = ''; last = null; });
  document.addEventListener('htmx:beforeRequest', event => {
    if (event.target.closest?.('.menu--rewrite')) stopped = '';
    if (event.target.matches?.('[data-changing]') && field()?.value) event.preventDefault();   // who writes already is not disturbed
  });
  // The part was read anew while a draft is on its way: it stays in sight.
  document.addEventListener('htmx:afterSettle', event => { if (event.target.id === 'draft-slot' && last) show(last); });
}
