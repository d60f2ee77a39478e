/* menu.js: popovers that stand beside their button, arrow keys and typing inside them, and a filter field.
   Opening and closing is the browser's (`popovertarget`), so a menu works without this file.
   `data-menu` on the popover; items are .menu__item or [role="option"]; an input in .menu__search filters. */
const GAP = 4;   // px between button and menu

export function start() {
  document.addEventListener('toggle', event => {
    const menu = event.target;
    if (!menu.matches?.('[data-menu]')) return;
    const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
    button?.setAttribute('aria-expanded', event.newState === 'open');
    if (event.newState !== 'open') return;
    if (button) place(menu, button);
    (menu.querySelector('.menu__search input') ?? items(menu)[0])?.focus();
  }, true);
  document.addEventListener('keydown', move);
  document.addEventListener('input', event => { const menu = event.target.closest('[data-menu]'); if (menu && event.target.closest('.menu__search')) filter(menu, event.target.value); });
}

/** Put a menu under its button, or over it when there is no room; it never leaves the window. */
export function place(menu, button) {
  const at = button.getBoundingClientRect(), box = menu.getBoundingClientRect();
  const below = at.bottom + GAP + box.height <= innerHeight;
  const rtl = getComputedStyle(menu).direction === 'rtl';
  const left = rtl ? at.right - box.width : at.left;
  menu.style.inset = 'auto';
  menu.style.top = `${Math.max(GAP, below ? at.bottom + GAP : at.top - GAP - box.height)}px`;
  menu.style.left = `${Math.max(GAP, Math.min(left, innerWidth - box.width - GAP))}px`;
}

const items = menu => [...menu.querySelectorAll('.menu__item, [role="option"], .seg button')].filter(item => !item.hidden);

function move(event) {
  const menu = event.target.closest?.('[data-menu]');
  if (!menu) return;
  const all = items(menu), at = all.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at < 0 ? all.length - 1 : at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to === undefined || (event.target.matches('input') && (event.key === 'Home' || event.key === 'End'))) return;
  event.preventDefault();
  all[(to + all.length) % all.length]?.focus();
}

function filter(menu, text) {
  const wanted = text.trim().toLocaleLowerCase();
  for (const item of menu.querySelectorAll('.menu__item')) item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
}
