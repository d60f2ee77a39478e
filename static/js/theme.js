/* theme.js: the theme buttons act at once; the form behind them works without this. */
import { emit } from './bus.js';

export function start() {
  document.addEventListener('submit', event => {
    const form = event.target.closest('[data-theme-form]');
    const theme = event.submitter?.value;
    if (!form || !theme) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    document.documentElement.dataset.theme = theme;
    for (const button of form.querySelectorAll('[name="theme"]')) button.setAttribute('aria-pressed', button.value === theme);
    const radio = document.querySelector(`input[name="theme"][value="${theme}"]`);
    if (radio) radio.checked = true;   // the profile form would save the old one else
    emit('theme:changed', theme);
    fetch(form.action, { method: 'POST', body, headers: { 'HX-Request': 'true' } }).catch(() => form.submit());
  });
}
