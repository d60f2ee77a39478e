/* shell.js: the entry file of every signed-in page. */
import { start as announcing } from './announce.js';
import { start as keys } from './keys.js';
import { start as live } from './live.js';
import { start as menus } from './menu.js';
import { start as palette } from './palette.js';
import { start as rings } from './ring.js';
import { start as tabs } from './tabs.js';
import { start as themes } from './theme.js';
import { start as timers } from './timers.js';

announcing(); keys(); menus(); palette(); rings(); tabs(); themes(); timers(); live();
document.documentElement.dataset.ready = '';

document.addEventListener('click', event => {   // "Show password": one button beside a field
  const button = event.target.closest('[data-reveal]');
  const field = button && document.getElementById(button.dataset.reveal);
  if (!field) return;
  const hidden = field.type === 'password';
  field.type = hidden ? 'text' : 'password';
  button.setAttribute('aria-pressed', hidden);
});
