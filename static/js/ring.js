/* ring.js: a call that rings is said once, at once, wherever the person is in the console. The card itself is the server's. */
import { announce } from './announce.js';
import { word } from './words.js';

const said = new Set();

export function start() {
  document.addEventListener('htmx:afterSettle', event => { if (event.detail.target?.id === 'ring-slot') tell(); });
}

function tell() {
  const cards = [...document.querySelectorAll('#ring-slot [data-ring]')];
  for (const card of cards) if (!said.has(card.id)) { said.add(card.id); announce(word('rings', { name: card.dataset.ring }), { urgent: true }); }
  for (const id of said) if (!cards.some(card => card.id === id)) said.delete(id);
}
