/* tabs.js: the ARIA tab pattern. Arrow keys move, Home and End jump. Tabs may be links (`?tab=…`) so that
   the page works without this file. */
import { emit } from './bus.js';

/** Select a tab of its list; `focus` moves the focus along. */
export function pick(tab, focus = false) {
  const list = tab.closest('[role="tablist"]');
  for (const other of list.querySelectorAll('[role="tab"]')) {
    const on = other === tab;
    other.setAttribute('aria-selected', on);
    other.tabIndex = on ? 0 : -1;
    const panel = document.getElementById(other.getAttribute('aria-controls'));
    if (panel) panel.hidden = !on;
  }
  if (focus) tab.focus();
  emit('tab:picked', { list: list.id, tab: tab.dataset.tab });
}

export function start() {
  document.addEventListener('click', event => {
    const tab = event.target.closest('[role="tab"]');
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    pick(tab);
  });
  document.addEventListener('keydown', event => {
    const tab = event.target.closest?.('[role="tab"]');
    if (!tab) return;
    const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
    const next = neighbour(tabs, tabs.indexOf(tab), event.key, getComputedStyle(tab).direction === 'rtl');
    if (next) { event.preventDefault(); pick(next, true); }
  });
}

function neighbour(tabs, at, key, rtl) {
  if (key === 'Home') return tabs[0];
  if (key === 'End') return tabs.at(-1);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  return step && tabs[(at + (rtl ? -step : step) + tabs.length) % tabs.length];
}
