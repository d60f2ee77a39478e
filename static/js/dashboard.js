/* dashboard.js: choices that show at once, and a light that says how old the figures are. htmx reads the tiles anew. */
const STALE = 30000;   // ms after which the figures are called old
let readAt = Date.now();

document.addEventListener('change', event => { if (event.target.matches('[data-submits]')) event.target.form.requestSubmit(); });
document.addEventListener('htmx:afterSwap', event => { if (event.target.id === 'dashboard') readAt = Date.now(); });

setInterval(() => {
  const light = document.getElementById('board-live');
  if (!light) return;
  const age = Date.now() - readAt, stale = age > STALE;
  light.querySelector('.dot').dataset.tone = stale ? 'warn' : 'good';
  light.lastElementChild.textContent = `${stale ? light.dataset.staleWords : light.dataset.liveWords}, ${Math.round(age / 1000)} s`;
}, 1000);
