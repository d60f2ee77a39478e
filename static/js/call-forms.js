/* call-forms.js: the forms of the call pages without a page change: a rating, a used card, a note, a whisper. Each is a plain
   form that works without this. A rating shows at once, and is taken back when it was not kept. */
import { announce, toast } from './announce.js';
import { csrf } from './http.js';
import { word } from './words.js';

/** `put(html)` takes a new line of the transcript; `remember(holder, value)` hears of a rating. */
export function start({ put = () => {}, remember = () => {} } = {}) {
  document.addEventListener('submit', event => {
    const form = event.target, button = event.submitter;
    if (!button || !form.matches('[data-rate-form], [data-use], [data-quick]')) return;
    event.preventDefault();
    send(form, button, put, remember);
  });
}

async function send(form, button, put, remember) {
  const holder = form.closest('[data-id], .suggestion'), before = holder?.querySelector('[name="feedback"][aria-pressed="true"]')?.value ?? null;
  const rating = form.matches('[data-rate-form]'), fields = new URLSearchParams(new FormData(form, button));
  const rate = value => { rated(holder, value); remember(holder, value); };
  if (rating) rate(button.value);
  try {
    const answer = await fetch(form.action, { method: 'POST', body: fields, headers: { ...csrf(), 'HX-Request': 'true' } });
    if (!answer.ok) throw new Error(answer.status === 422 ? await answer.text() : word('not_done'));
    if (answer.status === 200) put(await answer.text());
    if (form.matches('[data-quick]')) { form.reset(); window.htmx?.trigger('#whispers', 'refresh'); }
    if (form.matches('[data-use]')) { toast(word(`used_${button.value}`), { stays: 3000 }); announce(word(`used_${button.value}`)); }
  } catch (error) {
    if (rating) rate(before);
    const text = error instanceof TypeError ? word('not_done') : error.message;   // a TypeError is fetch's word for no network
    toast(text); announce(text, { urgent: true });
  }
}

/** Show a rating on a card or in the list of earlier ones; null takes it back. */
export function rated(el, value) {
  if (!el) return;
  for (const button of el.querySelectorAll('[name="feedback"]')) button.setAttribute('aria-pressed', button.value === value);
  const chip = el.querySelector('[data-f="rated"]');
  if (!chip) return;
  chip.hidden = !value;
  chip.textContent = value ? word(value) : '';
  if (value === 'helpful') chip.dataset.tone = 'good'; else delete chip.dataset.tone;
}
