/* editor.js: the entry file of the article editor. The page is a plain form that works without it; this keeps what is typed
   (on the server, and on this computer while there is no connection), shows the preview in place, formats, and takes files. */
import { announce, toast } from './announce.js';
import { post } from './http.js';
import { bind } from './keys.js';

const PAUSE = 1200;          // ms without a key before what was typed is kept
const KEPT = 'article:';
const form = document.getElementById('article-form'), title = document.getElementById('title'), body = document.getElementById('body');
const say = form.dataset, status = document.getElementById('kept'), count = document.getElementById('count');
let timer = 0, keeping = null, stale = false, kept = null, leaving = false;

const state = () => JSON.stringify([title.value, body.value]);
const base = () => form.elements.base.value;

/* ---- keeping ---- */
function show(text, tone = '') { status.textContent = text; if (tone) status.dataset.tone = tone; else delete status.dataset.tone; }

function typed() {
  counted();
  if (state() === kept) return;
  show(say.sayTyping);
  clearTimeout(timer);
  timer = setTimeout(keep, PAUSE);
}

async function keep() {
  clearTimeout(timer);
  if (keeping) { stale = true; return keeping; }
  const now = state();
  if (now === kept || leaving) return null;
  keeping = post(say.autosave, { title: title.value, body: body.value, base: base() }).then(answer => told(answer, now), () => keepHere(now));
  await keeping;
  keeping = null;
  if (stale) { stale = false; return keep(); }
  return null;
}

async function told(answer, now) {
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok || answer.redirected) { keepHere(now, data.error || (answer.status === 400 ? say.sayLong : '')); return; }
  kept = now;
  forgetHere();
  show(`${say.sayKept} ${new Date().toLocaleTimeString(document.documentElement.lang || undefined, { hour: '2-digit', minute: '2-digit' })}`);
  if (data.meanwhile && !form.elements.over) meanwhile(data.meanwhile);   // with `over` the page shows both already
}

function keepHere(now, why = '') {
  try { localStorage.setItem(KEPT + say.article, JSON.stringify({ text: now, base: base() })); } catch { /* private mode: it stays in the field */ }
  show(why || say.sayHere, 'warn');
  if (!why) timer = setTimeout(keep, 10 * PAUSE);
}

function forgetHere() { try { localStorage.removeItem(KEPT + say.article); } catch { /* nothing was kept */ } }

function restoreHere() {
  let saved = null;
  try { saved = JSON.parse(localStorage.getItem(KEPT + say.article) ?? 'null'); } catch { saved = null; }
  if (!saved || saved.base !== base() || saved.text === state()) { forgetHere(); return; }
  [title.value, body.value] = JSON.parse(saved.text);
  typed();
}

let warned = '';
function meanwhile(name) {
  if (warned === name) return;
  warned = name;
  const note = Object.assign(document.createElement('p'), { className: 'callout', textContent: say.sayMeanwhile.replace('%s', name) });
  note.dataset.tone = 'warn'; note.setAttribute('role', 'alert');
  document.getElementById('editor-body').prepend(note);
}

/* ---- what it looks like ---- */
function counted() {
  const most = Number(say.most), now = body.value.length;
  count.textContent = now > most * .8 ? say.sayChars.replace('%s', now.toLocaleString()).replace('%m', most.toLocaleString()) : `${body.value.split(/\s+/).filter(Boolean).length} ${say.sayWords}`;
  if (now > most) count.dataset.tone = 'warn'; else delete count.dataset.tone;
}

async function preview() {
  const button = document.getElementById('preview-button'), pane = document.getElementById('preview'), write = document.getElementById('write');
  const on = button.getAttribute('aria-pressed') !== 'true';
  if (on) {
    const answer = await post(say.preview, { title: title.value, body: body.value }).catch(() => null);
    if (!answer?.ok) { toast(say.sayHere); return; }
    pane.innerHTML = await answer.text();   // made by our server from escaped Markdown
  }
  button.setAttribute('aria-pressed', on);
  pane.hidden = !on; write.hidden = on; write.classList.remove('sr-only');
  document.getElementById('editor-bar').hidden = on;
  if (!on) body.focus();
}

/* ---- formatting: works on the selection, and is undone by the browser's own undo ---- */
const AROUND = { bold: ['**', '**'], italic: ['*', '*'], code: ['`', '`'] };
const BEFORE = { heading: () => '## ', list: () => '- ', steps: at => `${at + 1}. `, tip: () => '> ' };
const MARK = /^(#{1,6} |- |\d+\. |> )/;

function replace(text, from, to, select) {
  body.focus();
  body.setSelectionRange(from, to);
  if (!document.execCommand('insertText', false, text)) { body.setRangeText(text, from, to, 'end'); typed(); }   // execCommand keeps undo
  if (select) body.setSelectionRange(...select);
}

function format(kind) {
  const from = body.selectionStart, to = body.selectionEnd, chosen = body.value.slice(from, to);
  if (kind === 'picture') { document.getElementById('files').click(); return; }
  if (kind === 'link') { const words = chosen || say.sayLink; replace(`[${words}](https://)`, from, to, [from + words.length + 3, from + words.length + 11]); return; }
  if (kind === 'code' && chosen.includes('\n')) { replace(`\`\`\`\n${chosen}\n\`\`\``, from, to); return; }
  if (AROUND[kind]) { const [a, z] = AROUND[kind]; replace(a + chosen + z, from, to, [from + a.length, from + a.length + chosen.length]); return; }
  const start = body.value.lastIndexOf('\n', from - 1) + 1, end = (body.value.indexOf('\n', to) + 1 || body.value.length + 1) - 1;
  const lines = body.value.slice(start, end).split('\n'), marked = lines.every((line, at) => line.startsWith(BEFORE[kind](at)));
  const text = lines.map((line, at) => (marked ? '' : BEFORE[kind](at)) + line.replace(MARK, '')).join('\n');
  replace(text, start, end, [start, start + text.length]);
}

function toLine(number) {
  if (document.getElementById('write').hidden) preview();
  const start = body.value.split('\n').slice(0, number - 1).join('\n').length + (number > 1 ? 1 : 0);
  const end = body.value.indexOf('\n', start);
  body.focus();
  body.setSelectionRange(start, end < 0 ? body.value.length : end);
}

function insert(text) {
  const at = body.selectionEnd, gap = at && body.value[at - 1] !== '\n' ? '\n\n' : '';
  replace(gap + text, at, at);
}

/* ---- files ---- */
async function upload(files) {
  if (!files.length) return;
  const data = new FormData();
  for (const file of files) data.append('files', file);
  const headers = { ...JSON.parse(document.body.getAttribute('hx-headers') || '{}'), Accept: 'application/json' };
  const answer = await fetch(say.upload, { method: 'POST', body: data, headers }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (!told) { toast(say.sayFailed); announce(say.sayFailed, { urgent: true }); return; }
  for (const text of told.refused) { toast(text); announce(text, { urgent: true }); }
  if (told.markdown.length) insert(told.markdown.join('\n\n'));
  await keep();
}

/* ---- events ---- */
function pressed(event) {
  if (event.target === title && event.key === 'Enter') { event.preventDefault(); body.focus(); return; }
  const letter = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.target === body ? { b: 'bold', i: 'italic' }[event.key] : '';
  if (letter) { event.preventDefault(); format(letter); }
}

function alongBar(event) {
  const buttons = [...document.querySelectorAll('#editor-bar .btn')], at = buttons.indexOf(document.activeElement);
  const rtl = getComputedStyle(event.currentTarget).direction === 'rtl' ? -1 : 1;
  const to = { ArrowRight: at + rtl, ArrowLeft: at - rtl, Home: 0, End: buttons.length - 1 }[event.key];
  if (at < 0 || to === undefined) return;
  event.preventDefault();
  const next = buttons[(to + buttons.length) % buttons.length];
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
}

function clicked(event) {
  const el = event.target.closest?.('[data-format], [data-insert], [data-line], #preview-button, #upload');
  if (!el) return;
  if (el.dataset.format) format(el.dataset.format);
  else if (el.dataset.insert) insert(el.dataset.insert);
  else if (el.dataset.line) { event.preventDefault(); toLine(Number(el.dataset.line)); }
  else if (el.id === 'preview-button') { event.preventDefault(); preview(); }
  else { event.preventDefault(); const input = document.getElementById('files'); upload([...input.files]); input.value = ''; }
}

const carries = event => event.dataTransfer?.types.includes('Files');

function start() {
  document.getElementById('editor-bar').hidden = Boolean(document.getElementById('write').classList.contains('sr-only'));
  if (document.getElementById('write').classList.contains('sr-only')) { document.getElementById('write').hidden = true; }
  kept = status.textContent.trim() === say.sayTyping ? null : JSON.stringify([title.defaultValue, body.defaultValue]);   // as it came: a key may be faster than this file
  restoreHere(); counted();
  form.addEventListener('input', typed);
  if (kept !== null && state() !== kept) typed();
  form.addEventListener('keydown', pressed);
  form.addEventListener('submit', () => { leaving = true; clearTimeout(timer); forgetHere(); });
  document.addEventListener('click', clicked);
  document.getElementById('editor-bar').addEventListener('keydown', alongBar);
  document.getElementById('files').addEventListener('change', event => { upload([...event.target.files]); event.target.value = ''; });
  body.addEventListener('paste', event => { if (event.clipboardData?.files.length) { event.preventDefault(); upload([...event.clipboardData.files]); } });
  form.addEventListener('dragover', event => { if (carries(event)) { event.preventDefault(); form.dataset.drop = ''; } });
  form.addEventListener('dragleave', () => delete form.dataset.drop);
  form.addEventListener('drop', event => { if (carries(event)) { event.preventDefault(); delete form.dataset.drop; upload([...event.dataTransfer.files]); } });
  addEventListener('online', keep);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden' && !leaving) keep(); });
  addEventListener('beforeunload', event => { if (!leaving && state() !== kept) { keepHere(state()); event.preventDefault(); } });
  bind('Ctrl+b', () => false, { where: '#body', label: document.querySelector('[data-format="bold"]').getAttribute('aria-label') });
}

start();
