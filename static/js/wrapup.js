/* wrapup.js: the wrap-up keeps itself while it is written, and says when a colleague writes in it too. */
import { start as forms } from './call-forms.js';
import { csrf } from './http.js';

const WAIT = 1500;   // ms after the last key
const form = document.getElementById('wrap-form'), kept = document.getElementById('kept');
let timer = 0, sending = false, again = false;

const say = name => { kept.textContent = kept.dataset[`say${name}`]; };

function typed() {
  say('Typing');
  clearTimeout(timer);
  timer = setTimeout(keep, WAIT);
}

async function keep() {
  if (sending) { again = true; return; }
  sending = true; again = false;
  const fields = new URLSearchParams(new FormData(form));
  fields.set('autosave', '1');
  try {
    const answer = await fetch(form.action, { method: 'POST', body: fields, headers: csrf() });
    const told = await answer.json();
    if (answer.status === 409) conflict(told); else { form.elements.version.value = told.version; say('Kept'); }
  } catch { say('Here'); timer = setTimeout(keep, 4 * WAIT); }
  sending = false;
  if (again) keep();
}

/** A colleague saved another version: say so once, and let the next save decide. */
function conflict(told) {
  const box = document.getElementById('wrap-conflict');
  box.hidden = false;
  box.querySelector('p').textContent = told.detail;
  kept.textContent = '';
}

form.addEventListener('input', typed);
form.addEventListener('submit', () => clearTimeout(timer));
forms();
