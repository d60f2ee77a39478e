/* console.js: the entry file of the ticket pages. Opening tickets, moving through the list, picking many, panes. */
import { announce, toast } from './announce.js';
import { emit, on } from './bus.js';
import { start as composer } from './composer.js';
import { start as drafts } from './drafts.js';
import { csrf, post } from './http.js';
import { bind } from './keys.js';
import { start as macros } from './macros.js';
import { word } from './words.js';

const $ = selector => document.querySelector(selector);
const all = selector => [...document.querySelectorAll(selector)];
const shell = () => $('.console');

/* ---- a ticket is opened ---- */
function opened() {
  const pane = $('#conversation');
  if (!pane?.dataset.number) return;
  document.title = pane.dataset.title || document.title;
  for (const row of all('.ticket-row')) {
    const here = row.closest('li').id === `t-${pane.dataset.number}`;
    row.toggleAttribute('aria-current', here);
    if (here) { row.setAttribute('aria-current', 'true'); row.removeAttribute('data-unread'); row.querySelector('.ticket-row__dot')?.replaceChildren(); }
  }
  const peek = $('#sheet-peek');
  if (peek) { peek.hidden = false; peek.href = `${location.pathname}?pane=assist`; }
  scrollToNews();
  emit('ticket:opened', { number: pane.dataset.number, id: pane.dataset.ticket });
}

function scrollToNews() {
  const thread = $('#thread');
  if (thread) thread.scrollTop = thread.scrollHeight;
}

function paneTo(name) { shell().dataset.pane = name; }

/* ---- the list ---- */
const rows = () => all('.queue__scroll .ticket-row');

function step(by, extend = false) {
  const list = rows();
  if (!list.length) return false;
  const focused = list.indexOf(document.activeElement?.closest?.('li')?.querySelector('.ticket-row'));
  const at = focused >= 0 ? focused : list.findIndex(row => row.hasAttribute('aria-current'));
  const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
  if (extend) { pick(list[Math.max(0, at)], true); pick(next, true); }
  next.focus();
  if (!extend && shell().dataset.pane !== 'list' && $('#conversation')?.dataset.number) next.click();
}

function pick(row, state = null) {
  const box = row?.closest('li').querySelector('.ticket-row__pick');
  if (!box || box.disabled) return;   // a team in which one only reads along
  box.checked = state ?? !box.checked;
  picking();
}

function picking() {
  const count = all('.ticket-row__pick:checked').length, queue = $('#queue');
  if (!queue) return;
  queue.toggleAttribute('data-picking', count > 0);
  $('#bulk-count').textContent = count;
}

function pickNone() { for (const box of all('.ticket-row__pick:checked')) box.checked = false; picking(); }

function bulkDone({ text, undo }) {
  pickNone();
  announce(text);
  toast(text, undo ? { undo: () => post('/inbox/bulk/undo/', { token: undo }).then(() => refreshList()) } : {});
  for (const menu of all('#bulk [popover]')) menu.hidePopover?.();
  refreshList();
}

/** Read the list anew, unless somebody is typing in it. */
function refreshList() {
  if ($('.ticket-row.htmx-request')) { setTimeout(refreshList, 300); return; }   // its answer looks for its places from there
  const url = new URL(location.href);
  url.searchParams.set('part', 'list');
  if ($('#queue')) window.htmx.ajax('GET', url.pathname + url.search, { target: '#queue', swap: 'outerHTML' });
}

/* ---- mail in frames: as high as it is ---- */
function fit(frame) {
  try {
    const height = frame.contentDocument?.documentElement.scrollHeight;
    if (height) frame.style.blockSize = `${Math.min(height + 2, 20000)}px`;
  } catch { frame.style.blockSize = '24rem'; }
}

function frames(root = document) {
  for (const frame of root.querySelectorAll('iframe[data-mail]')) {
    if (frame.dataset.watched) continue;
    frame.dataset.watched = '1';
    frame.addEventListener('load', () => { fit(frame); scrollIfAtEnd(); });
    if (frame.contentDocument?.readyState === 'complete') fit(frame);
    new ResizeObserver(() => fit(frame)).observe(frame.parentElement);
  }
}

function scrollIfAtEnd() {
  const thread = $('#thread');
  if (thread && !thread.dataset.scrolled) thread.scrollTop = thread.scrollHeight;
}

/* ---- clicks that need no server ---- */
function clicked(event) {
  const to = event.target.closest?.('[data-pane-to]');
  if (to && !event.ctrlKey && !event.metaKey) { event.preventDefault(); paneTo(to.dataset.paneTo); history.pushState({}, '', to.dataset.paneTo === 'assist' ? `${location.pathname}?pane=assist` : location.pathname); return; }
  if (event.target.closest?.('[data-aside]')) { toggleAside(); return; }
  if (event.target.closest?.('[data-unfold]')) { unfold(); return; }
  if (event.target.closest?.('[data-bulk-clear]')) { pickNone(); return; }
  const mode = event.target.closest?.('[data-pick-mode]');
  if (mode) { $('#queue').dataset.picking = ''; closeMenu(mode); return; }
  const used = event.target.closest?.('[data-clicked]');
  if (used) post(used.dataset.clicked).catch(() => {});
  const banner = event.target.closest?.('[data-hide-banner]')?.closest('.status-banner');
  if (banner) { sessionStorage.setItem(`banner-${banner.dataset.incident}`, '1'); banner.remove(); return; }
  const copy = event.target.closest?.('[data-copy]');
  if (copy) { navigator.clipboard?.writeText(copy.dataset.copy).then(() => toast(word('copied'), { stays: 3000 })); closeMenu(copy); return; }
  const show = event.target.closest?.('[data-show]');
  if (show) { event.preventDefault(); reveal(show.dataset.show); return; }
  const item = event.target.closest?.('form[popover] .menu__item, [popover] form .menu__item');
  if (item) setTimeout(() => closeMenu(item), 0);
}

const closeMenu = el => el.closest('[popover]:popover-open')?.hidePopover();

function reveal(id) {
  const el = document.getElementById(id);
  if (!el) return;
  if (el.matches('details')) el.open = true;
  el.scrollIntoView({ block: 'center' });
  el.dataset.target = ''; setTimeout(() => delete el.dataset.target, 2000);
}

function unfold() {
  const folded = all('details.msg');
  const open = folded.some(el => !el.open);
  for (const el of folded) el.open = open;
  $('#menu-more')?.hidePopover?.();
}

function toggleAside() {
  const console = shell(), wide = matchMedia('(width >= 80rem)').matches;
  if (wide) { $('.workspace').toggleAttribute('data-aside-off'); return; }
  paneTo(console.dataset.pane === 'assist' ? 'thread' : 'assist');
}

function failed(event) {
  const status = event.detail.xhr?.status;
  const text = status === 403 || status === 404 ? word('not_there') : word('not_done');
  if (event.detail.requestConfig?.verb === 'get') { sorry(event.detail.target, text); return; }
  if (status === 422) return;
  toast(text);
  announce(text, { urgent: true });
}

/** A part that did not load says so, and offers to try again. */
function sorry(part, text) {
  if (!part || !part.matches('.panel, [hx-trigger^="load"]')) { toast(text); return; }
  const box = Object.assign(document.createElement('div'), { className: 'empty' });
  const again = Object.assign(document.createElement('button'), { className: 'btn', type: 'button', textContent: word('try_again') });
  box.setAttribute('role', 'alert');
  again.addEventListener('click', () => window.htmx.trigger(part, 'refresh'));
  box.append(Object.assign(document.createElement('b'), { textContent: word('not_loaded') }), again);
  if (part.id === 'draft-slot') part.replaceChildren(); else part.replaceChildren(box);
}

function suggestions() {
  const all = () => [...document.querySelectorAll('#p-assist .suggestion')];
  const move = by => { const list = all(), at = list.indexOf(document.activeElement?.closest?.('.suggestion')); list[Math.min(list.length - 1, Math.max(0, at + by))]?.focus(); };
  const rated = () => document.activeElement?.closest?.('.suggestion') ?? document.querySelector('#draft-slot .draft:focus-within') ?? all()[0];
  const rate = value => rated()?.querySelector(`.feedback [value="${value}"]`)?.click();
  const where = '#p-assist .suggestion';
  bind(']', () => move(1), { where, label: word('next_suggestion') });
  bind('[', () => move(-1), { where, label: word('previous_suggestion') });
  bind('+', () => rate('helpful'), { where, label: word('helpful') });
  bind('-', () => rate('not_helpful'), { where, label: word('not_helpful') });
  bind('0', () => rate('irrelevant'), { where, label: word('irrelevant') });
}

function keys() {
  const inList = { where: '.queue__scroll' };
  bind('j', () => step(1), { ...inList, label: word('next_ticket') });
  bind('k', () => step(-1), { ...inList, label: word('previous_ticket') });
  bind('Shift+J', () => step(1, true), { ...inList, label: word('select_down') });
  bind('Shift+K', () => step(-1, true), { ...inList, label: word('select_up') });
  bind('x', () => { pick(document.activeElement?.closest?.('li')?.querySelector('.ticket-row') ?? $('.ticket-row[aria-current]') ?? rows()[0]); }, { ...inList, label: word('select') });
  bind('Shift+N', takeNext, { ...inList, label: word('take_next') });
  bind('l', () => { $('#menu-more')?.showPopover(); $('#more-tag')?.focus(); }, { where: '#more-tag', label: word('label') });
  bind('z', () => { const undo = all('#toasts [data-keys="z"]').at(-1); if (undo) undo.click(); else $('[popovertarget="menu-snooze"]')?.click(); }, { where: '#toasts', label: word('snooze_or_undo') });
}

function takeNext() {
  const form = document.createElement('form');
  form.method = 'post'; form.action = '/inbox/next/';
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'csrfmiddlewaretoken', value: csrf()['X-CSRFToken'] }));
  document.body.append(form); form.submit();
}

function start() {
  if (window.htmx) Object.assign(window.htmx.config, {
    refreshOnHistoryMiss: true,   // Back asks the server for the whole page
    attributesToSettle: ['class', 'width', 'height'],   // not style: menus are placed by script, and CSP forbids the attribute
  });
  for (const banner of all('[data-incident]')) if (sessionStorage.getItem(`banner-${banner.dataset.incident}`)) banner.remove();
  document.addEventListener('click', clicked);
  document.addEventListener('change', event => { if (event.target.matches?.('.ticket-row__pick')) picking(); });
  document.addEventListener('htmx:afterSettle', event => { if (event.detail.target?.id === 'conversation' || event.target.id === 'conversation') { paneTo('thread'); opened(); } frames(); picking(); scrollIfAtEnd(); });
  document.addEventListener('htmx:responseError', failed);
  document.addEventListener('htmx:sendError', failed);
  document.addEventListener('htmx:timeout', failed);
  document.addEventListener('console:bulk', event => bulkDone(event.detail));
  document.addEventListener('toggle', event => { if (event.target.matches?.('details.msg')) frames(event.target); }, true);
  for (const name of ['wheel', 'touchmove', 'keydown']) document.addEventListener(name, event => { const t = event.target.closest?.('#thread'); if (t) setTimeout(() => { t.dataset.scrolled = t.scrollHeight - t.scrollTop - t.clientHeight > 40 ? '1' : ''; }, 120); }, { passive: true });
  addEventListener('popstate', () => { if (!history.state?.htmx) location.reload(); });
  on('live:changed', () => { frames(); picking(); });
  on('list:refresh', refreshList);
  keys(); suggestions(); macros(); drafts(); composer(); frames(); opened();   // the list of macros hears its keys before the field does
}

start();
