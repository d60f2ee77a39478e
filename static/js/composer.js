/* composer.js: the reply field. Text is kept per ticket in localStorage, files are dropped or pasted, drafts are used,
   and what was sent can be taken back for ten seconds. Everything is delegated: htmx replaces the form when it likes. */
import { announce, toast } from './announce.js';
import { emit, on } from './bus.js';
import { post } from './http.js';
import { bind } from './keys.js';
import { word } from './words.js';

const TYPING_EVERY = 2500;   // ms between two "is writing"
const KEPT = 'composer:';
let lastTyping = 0, waiting = null;

const form = () => document.getElementById('composer');
const field = () => document.getElementById('body');
const kind = () => form()?.querySelector('[name="kind"]:checked')?.value ?? 'reply';
const key = () => KEPT + form()?.dataset.number;

/** Does the reader only read along in this team, now? They may leave notes; the head says so, and is kept current. */
const readsAlong = () => Boolean(document.querySelector('#ticket-head[data-reads-along]'));

/* ---- keeping ---- */
function keep() {
  const text = field()?.value ?? '';
  try { if (text.trim()) localStorage.setItem(key(), JSON.stringify({ text, kind: kind() })); else localStorage.removeItem(key()); } catch { /* private mode: the text stays in the field */ }
}

function restore() {
  if (!form()) return;
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(key()) ?? 'null'); } catch { kept = null; }
  if (kept?.text && !field().value) { field().value = kept.text; setKind(kept.kind); }
  show();
}

/* ---- what the form shows ---- */
function show() {
  const body = field(), buttons = document.getElementById('send-buttons');
  if (!body || !buttons) return;
  const reply = form().querySelector('[name="kind"][value="reply"]');
  if (reply.disabled !== readsAlong()) { reply.disabled = readsAlong(); if (reply.disabled && reply.checked) { setKind('note'); return; } }
  const note = kind() === 'note', empty = !body.value.trim();
  buttons.toggleAttribute('data-disabled', empty);
  for (const button of buttons.querySelectorAll('.btn')) button.setAttribute('aria-disabled', empty);
  body.placeholder = note ? body.dataset.placeholderNote : (body.dataset.placeholderReply ??= body.placeholder);
  form().setAttribute('aria-label', word(note ? 'note' : 'reply'));
}

function setKind(value) {
  const radio = form()?.querySelector(`[name="kind"][value="${value === 'note' || readsAlong() ? 'note' : 'reply'}"]`);
  if (radio) radio.checked = true;
  show();
}

function write(value) { setKind(value); field()?.focus(); field()?.scrollIntoView({ block: 'nearest' }); }

/** Put text at the caret. Used by suggestions and drafts. */
export function insert(text) {
  const body = field();
  if (!body) return;
  body.focus();
  const gap = body.value && !body.value.endsWith('\n') ? '\n\n' : '';
  body.setRangeText(gap + text, body.selectionEnd, body.selectionEnd, 'end');
  body.dispatchEvent(new Event('input', { bubbles: true }));
}

/* ---- drafts ---- */
const draft = () => document.querySelector('#draft-slot [data-draft]');

function useDraft(large = false) {
  const card = draft(), body = field();
  if (!card || !body) return false;
  setKind('reply');
  body.value = card.querySelector('[data-draft-text]').value;
  document.getElementById('used-draft').value = card.dataset.draft;
  if (large) form().dataset.large = '';
  card.hidden = true;
  body.focus();
  const check = card.querySelector('.check-me')?.textContent;
  const at = check ? body.value.indexOf(check) : -1;
  if (at >= 0) body.setSelectionRange(at, at + check.length); else body.setSelectionRange(body.value.length, body.value.length);
  body.dispatchEvent(new Event('input', { bubbles: true }));
  post(card.dataset.useUrl).catch(() => {});
  return true;
}

function dismissDraft() {
  const card = draft();
  if (!card || card.hidden) return false;
  card.remove();
  post(card.dataset.dismissUrl).catch(() => {});
  return true;
}

/* ---- files ---- */
function addFiles(files) {
  const input = document.getElementById('files');
  if (!input || !files.length) return;
  const bag = new DataTransfer();
  for (const file of [...input.files, ...files]) bag.items.add(file);
  input.files = bag.files;
  listFiles();
}

function listFiles() {
  const input = document.getElementById('files'), list = document.getElementById('composer-files');
  list.hidden = !input.files.length;
  list.replaceChildren(...[...input.files].map((file, i) => {
    const chip = Object.assign(document.createElement('span'), { className: 'attachment' });
    const remove = Object.assign(document.createElement('button'), { type: 'button', textContent: '×' });
    remove.setAttribute('aria-label', word('remove', { name: file.name }));
    remove.addEventListener('click', () => { const bag = new DataTransfer(); [...input.files].forEach((other, j) => { if (j !== i) bag.items.add(other); }); input.files = bag.files; listFiles(); });
    chip.append(file.name, ' ', Object.assign(document.createElement('small'), { textContent: `${Math.max(1, Math.round(file.size / 1024))} KB` }), remove);
    return chip;
  }));
}

/* ---- sending ---- */
function send(button) {
  if (!field()?.value.trim()) { field()?.focus(); return; }
  button.click();   // htmx learns the pressed button from a click only
}

function submitted(event) {
  if (event.target.id !== 'composer') return;
  if (!field().value.trim()) { event.preventDefault(); event.stopImmediatePropagation(); field().focus(); return; }
  if (!navigator.onLine) {
    event.preventDefault(); event.stopImmediatePropagation();
    waiting = event.submitter;
    toast(word('kept_offline'));
  }
}

function sent({ message, number, text, seconds }) {
  try { localStorage.removeItem(KEPT + number); } catch { /* nothing was kept */ }
  announce(text);
  document.getElementById('send-menu')?.hidePopover?.();
  show();
  const thread = document.getElementById('thread');
  if (thread) thread.scrollTop = thread.scrollHeight;
  emit('composer:sent', { number });
  if (message) toast(text, { undo: () => takeBack(message, number), stays: (seconds ?? 10) * 1000 });
  else toast(text, { stays: 3000 });
}

async function takeBack(message, number) {
  const answer = await post(`/messages/${message}/withdraw/`).catch(() => null);
  const data = await answer?.json().catch(() => null);
  if (!answer?.ok) { toast(data?.detail ?? word('too_late')); return; }
  document.getElementById(`m-${message}`)?.remove();
  try { localStorage.setItem(KEPT + number, JSON.stringify({ text: data.text, kind: 'reply' })); } catch { /* the field has it */ }
  if (form()?.dataset.number === number) { field().value = data.text; setKind('reply'); field().focus(); }
  announce(word('taken_back'));
}

/* ---- keys and events ---- */
function pressed(event) {
  if (!event.target.closest?.('#composer') || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === 'Enter') { event.preventDefault(); send(document.getElementById(event.shiftKey && kind() === 'reply' ? 'send-solve' : 'send')); return; }
  if (event.target.id !== 'body') return;
  const empty = !field().value;
  const forward = getComputedStyle(field()).direction === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
  if (empty && event.key === forward && kind() === 'reply' && useDraft(event.shiftKey)) { event.preventDefault(); return; }
  if (event.key === 'Escape') { event.preventDefault(); if (!(empty && kind() === 'reply' && dismissDraft())) field().blur(); }
}

function typed(event) {
  if (event.target.id !== 'body') return;
  keep(); show();
  if (field().value && Date.now() - lastTyping > TYPING_EVERY) { lastTyping = Date.now(); emit('composer:typing', kind()); }
}

function clicked(event) {
  const el = event.target;
  if (el.closest?.('[data-draft-use]')) useDraft();
  else if (el.closest?.('[data-draft-edit]')) useDraft(true);
  else if (el.closest?.('[data-draft-dismiss]')) dismissDraft();
  else if (el.closest?.('[data-expand]')) form().toggleAttribute('data-large');
  else if (el.closest?.('[data-insert]')) { setKind('reply'); insert(el.closest('[data-insert]').dataset.insert); document.querySelector('.console').dataset.pane = 'thread'; }
  else if (el.closest?.('[data-passage]')) { const passage = document.getElementById(el.closest('[data-passage]').dataset.passage); if (passage) { event.preventDefault(); passage.hidden = !passage.hidden; } }
}

function collided({ author, name }) {
  if (!field()?.value.trim() || kind() === 'note') return;
  const box = document.getElementById('composer-callouts');
  const callout = Object.assign(document.createElement('div'), { className: 'callout' });
  callout.dataset.tone = 'warn'; callout.setAttribute('role', 'alert');
  const text = document.createElement('p');
  text.append(Object.assign(document.createElement('b'), { textContent: word('wrote_now', { name }) }), ` ${word('read_first')}`);
  callout.append(document.createElement('span'), text);
  callout.dataset.author = author;
  box?.replaceChildren(callout);
}

export function start() {
  document.addEventListener('keydown', pressed, true);
  document.addEventListener('input', typed);
  document.addEventListener('click', clicked);
  document.addEventListener('submit', submitted, true);
  document.addEventListener('change', event => { if (event.target.name === 'kind') { show(); keep(); field()?.focus(); } if (event.target.id === 'files') listFiles(); });
  document.addEventListener('paste', event => { if (event.target.id === 'body' && event.clipboardData?.files.length) { event.preventDefault(); addFiles(event.clipboardData.files); } });
  document.addEventListener('dragover', event => { if (form()?.contains(event.target)) { event.preventDefault(); form().dataset.drop = ''; } });
  document.addEventListener('dragleave', event => { if (form()?.contains(event.target)) delete form().dataset.drop; });
  document.addEventListener('drop', event => { if (form()?.contains(event.target) && event.dataTransfer?.files.length) { event.preventDefault(); delete form().dataset.drop; addFiles(event.dataTransfer.files); } });
  document.addEventListener('console:sent', event => sent(event.detail));
  addEventListener('online', () => { if (waiting) { const button = waiting; waiting = null; send(document.contains(button) ? button : document.getElementById('send')); } });
  on('ticket:opened', restore);
  on('live:changed', el => { if (el.id === 'ticket-head') show(); });
  on('live:collision', collided);
  bind('r', () => write('reply'), { where: '#composer [value="reply"]:enabled', label: word('reply') });
  bind('n', () => write('note'), { where: '#composer', label: word('note') });
}
