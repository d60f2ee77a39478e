/* widget.js: the chat in its frame. What is typed is kept until the server has it; what the server has is shown, once and in
   order. Everything that is said has a name or a number, so nothing is lost or doubled, whatever the network does. */
import * as host from './widget-host.js';
import * as link from './widget-link.js';
import * as log from './widget-log.js';
import { paint } from './widget-theme.js';
import * as visit from './widget-visit.js';

const $ = id => document.getElementById(id);
const config = JSON.parse($('config').textContent), query = new URLSearchParams(location.search), word = log.word;
const TYPED = 3000, TYPING = 6000, RETRY = 5000, QUIET = 500;   // ms
let open = parent === window, unread = 0, page = '', now = null, sending = false, syncing = null, again = false, typedAt = 0, typingUntil = 0, last = 0;

log.start(config.words, (line, rating) => feedback({ message_id: line, rating }).catch(oops));
paint(config, query);
const around = host.listen(config, query, heard);
visit.begin(config, around);
link.start({ news: () => sync(), typing: typed, gone: () => linked(false), crowded: () => trouble(word('more_windows')) });
wire();
$('widget').inert = false;   // until here a press would be lost
resume();

// -- what the website says ---------------------------------------------------------------------------------------

function heard(type, said) {
  if (type === 'open') shown(true, said.about);
  if (type === 'close') shown(false);
  if (type === 'page') { page = String(said.url || '').slice(0, 500); if (said.shown) shown(true); }
  if (type === 'identify' && said.identity) visit.identify(String(said.identity)).then(other => (other ? restart() : resume()), oops);
  if (type === 'logout') leave();
}

function shown(on, about) {
  open = on;
  if (!on) return;
  count(0);
  if (about && about.url) { page = String(about.url).slice(0, 500); if (about.title && $('widget').dataset.about !== page) { $('widget').dataset.about = page; log.event(String(about.title).slice(0, 200)); } }
  face();
  log.toEnd();
  (document.querySelector('.sheet-form:not([hidden]) :is(input, textarea)') || $('words')).focus();
}

async function leave() {
  if (visit.isKnown()) await visit.ask('/api/widget/departures', {}).catch(() => {});
  visit.forget();
  restart();
}

function restart() {
  link.leave();
  log.clear();
  now = null;
  last = 0;
  face();
  resume();
}

// -- the chat as it is stored ------------------------------------------------------------------------------------

function resume() {
  host.tell('ready', { label: document.title });
  for (const one of visit.kept().unsent || []) log.pending(one);
  face();
  if (!visit.isKnown()) return;
  if (visit.kept().session_id || visit.kept().verified) sync();
  flush();
}

/** Read what is new. One request at a time; what is asked for meanwhile is asked once more after it. */
function sync() {
  if (syncing) { again = true; return syncing; }
  const { session_id: session = '' } = visit.kept();
  syncing = visit.ask(`/api/widget/chat?${new URLSearchParams({ session_id: session, after: last })}`)
    .then(thread => { linked(true); absorb(thread); }, error => { if (error.status) oops(error); else linked(false); })
    .finally(() => { syncing = null; if (again) { again = false; sync(); } });
  return syncing;
}


function absorb({ session, lines }) {
  if (!session) return;
  const quiet = now === null, box = $('log');
  if (quiet) box.setAttribute('aria-live', 'off');   // what was said before is not read out again
  if (visit.kept().session_id !== session.session_id) visit.keep({ session_id: session.session_id });
  const gone = new Set(lines.map(line => line.client_id).filter(Boolean));
  if (gone.size) visit.keep({ unsent: (visit.kept().unsent || []).filter(one => !gone.has(one.client_id)) });
  const fresh = log.absorb(lines);
  last = Math.max(last, ...lines.map(line => line.n));
  const seen = visit.kept().seen || 0;
  if (fresh.length) { typingUntil = 0; showNobodyTyping(); host.tell('message'); }
  if (open) count(0); else count(unread + fresh.filter(line => line.n > Math.max(seen, 0)).length);
  if (open) visit.keep({ seen: session.lines });
  change(session);
  if (quiet) { log.toEnd(); setTimeout(() => box.setAttribute('aria-live', 'polite'), QUIET); }
  if (last < session.lines && lines.length) sync();
}

function change(session) {
  const before = now || { state: 'assistant', agent: '' };
  now = session;
  if (session.state === 'with_agent') log.joined(session.agent);
  if (session.state === 'waiting' && before.state !== 'waiting') log.event(word('person_asked'));
  if (session.state === 'assistant' && before.state === 'with_agent') { log.event(word('handed_back', { name: before.agent || word('someone') })); log.nobodyJoined(); }
  if (session.state === 'ended' && before.state !== 'ended') log.event(word('ended'));
  host.tell('going', { on: session.state !== 'ended' });
  link.follow();
  face();
}

// -- sending -----------------------------------------------------------------------------------------------------

function say(content) {
  const one = { client_id: name(), content };
  visit.keep({ unsent: [...(visit.kept().unsent || []), one], session_id: visit.kept().session_id || name() });
  log.pending(one);
  flush();
}

/** Send what waits, in order. The same line may be sent twice; the server keeps it once. */
async function flush() {
  if (sending) return;
  sending = true;
  try {
    for (let one; (one = (visit.kept().unsent || []).find(item => !item.refused));) {
      if (!now || now.state === 'assistant') showTyping('assistant');
      absorb(await visit.ask(`/api/widget/chat?after=${last}`, { ...here(), client_id: one.client_id, content: one.content, page }));
      visit.keep({ unsent: (visit.kept().unsent || []).filter(item => item.client_id !== one.client_id) });
      log.drop(one.client_id);
    }
    trouble('');
    linked(true);
  } catch (error) { stuck(error); } finally { sending = false; showNobodyTyping(); }
}

/** No network: it waits and goes by itself. Refused: it says so, and a press sends it again. */
function stuck(error) {
  log.grown();
  const one = (visit.kept().unsent || []).find(item => !item.refused);
  typingUntil = 0;
  if (!one) return oops(error);
  if (!error.status || error.status >= 500) { linked(false); setTimeout(flush, RETRY); return undefined; }
  const retry = () => { visit.keep({ unsent: visit.kept().unsent.map(item => (item.client_id === one.client_id ? { ...item, refused: false } : item)) }); flush(); };
  visit.keep({ unsent: visit.kept().unsent.map(item => (item.client_id === one.client_id ? { ...item, refused: true } : item)) });
  log.unsent(one.client_id, error.status === 429 ? word('busy') : error.message || word('failed'), retry);
  return undefined;
}

async function person() {
  if (!config.open) { $('note-when').textContent = config.back ? word('person_back', { when: when(config.back) }) : ''; $('note-email').value ||= visit.kept().email || ''; sheet('note'); return; }
  visit.keep({ session_id: visit.kept().session_id || name() });
  $('person').disabled = true;
  try { absorb(await visit.ask(`/api/widget/chat/handovers?after=${last}`, here())); } catch (error) { oops(error); } finally { $('person').disabled = false; }
}

/** Nobody is there: where to answer, and what; both stand in this chat, and a person finds them there. */
async function leaveNote({ email, content }) {
  await visit.ask('/api/widget/introductions', { email, name: visit.kept().name || '' });
  visit.keep({ email, session_id: visit.kept().session_id || name() });
  absorb(await visit.ask(`/api/widget/chat/handovers?after=${last}`, here()));
  sheet('');
  say(content);
}

const here = () => ({ session_id: visit.kept().session_id, language: document.documentElement.lang });
const when = iso => new Intl.DateTimeFormat(document.documentElement.lang, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit' }).format(new Date(iso));
const feedback = said => visit.ask('/api/feedback', { user_id: visit.kept().user_id, session_id: visit.kept().session_id, ...said });

async function sendFile(file) {
  const suffix = file.name.split('.').pop().toLowerCase();
  if (!config.kinds.includes(suffix)) { trouble(word('file_kind', { name: file.name })); return; }
  if (file.size > config.file) { trouble(word('file_large', { name: file.name, size: config.file / 2 ** 20 })); return; }
  if (!file.size) { trouble(word('file_empty')); return; }
  trouble('');
  const id = name(), form = new FormData();
  visit.keep({ session_id: visit.kept().session_id || name() });
  for (const [key, value] of [['session_id', visit.kept().session_id], ['client_id', id], ['file', file]]) form.append(key, value);
  log.pending({ client_id: id, content: word('file_wait', { name: file.name }) });
  try { await visit.ask('/api/widget/files', form); await sync(); } catch (error) { oops(error); } finally { log.drop(id); }
}

// -- what one sees -----------------------------------------------------------------------------------------------

function face() {
  const state = now ? now.state : 'assistant', said = now && now.lines > 0;
  $('widget').dataset.state = state;
  $('person').hidden = state !== 'assistant';
  $('end').hidden = !said || state === 'ended';
  const place = now && now.state === 'waiting' ? (!now.anybody ? word('person_away') : now.position === 1 ? word('person_next') : now.position ? word('person_place', { n: now.position }) : word('person_soon')) : '';
  if (state === 'with_agent') { text('status-text', now.agent || word('someone')); document.querySelector('.mark').dataset.from = 'agent'; document.querySelector('.mark').textContent = (now.agent || '?').slice(0, 1).toUpperCase(); } else if (place) text('status-text', place);
  else if (state === 'ended') text('status-text', word('ended'));
  else text('status-text', $('status-text').dataset.usual);
  if (state === 'ended' && said) { if ($('rate').hidden) sheet(now.rating ? '' : 'rate'); } else if (!$('rate').hidden) sheet('');
  if (config.asks && !visit.kept().started && !visit.kept().verified && !said) sheet('ask');
}

function text(id, value) { if ($(id).textContent !== value) $(id).textContent = value; }

function sheet(id) {
  for (const form of document.querySelectorAll('.sheet-form')) form.hidden = form.id !== id;
  log.toEnd();
  if (id && open) $(id).querySelector('input, textarea').focus();
}

function count(n) {
  if (n === unread && n === 0) return;
  unread = n;
  host.tell('unread', { count: n, words: word('unread', { n }) });
}

/** An answer may be seen while it is written: `content` is all of it so far. The line that is stored takes its place. */
function typed({ who, name: given, content }) { if (content && who === 'assistant') log.growing(String(content)); else showTyping(who, given); }

function showTyping(who, given) {
  if (who === 'user') return;
  typingUntil = Date.now() + TYPING;
  text('typing', who === 'agent' ? word('agent_types', { name: given || (now && now.agent) || word('someone') }) : word('assistant_types'));
  setTimeout(showNobodyTyping, TYPING + 100);
}

function showNobodyTyping() { if (Date.now() >= typingUntil || !sending) text('typing', Date.now() < typingUntil && now && now.state === 'with_agent' ? $('typing').textContent : ''); }

/** Does the server answer? The socket alone may be away: the window asks meanwhile, and nobody needs to know. */
function linked(on) {
  const bar = $('link'), was = $('widget').dataset.link;
  $('widget').dataset.link = on ? 'on' : 'off';
  bar.hidden = on;
  bar.textContent = on ? '' : word('away');
  if (on && was === 'off') flush();
}

function trouble(words) { $('trouble').hidden = !words; text('trouble', words); }
function oops(error) { trouble(error.status === 403 ? word('blocked') : error.status === 429 ? word('busy') : error.message || word('wrong')); }
function name() { return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join(''); }

// -- the controls ------------------------------------------------------------------------------------------------

function wire() {
  $('status-text').dataset.usual = $('status-text').textContent;
  $('write').addEventListener('submit', event => { event.preventDefault(); send(); });
  $('words').addEventListener('keydown', event => { if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); } });
  $('words').addEventListener('input', () => { if (Date.now() - typedAt > TYPED) { typedAt = Date.now(); link.typing(); } });
  $('close').addEventListener('click', () => host.tell('close'));
  $('person').addEventListener('click', person);
  $('attach').addEventListener('click', () => $('file').click());
  $('file').addEventListener('change', () => { const [file] = $('file').files; $('file').value = ''; if (file) sendFile(file); });
  $('end').addEventListener('click', () => visit.ask(`/api/widget/chat/endings?after=${last}`, { session_id: visit.kept().session_id }).then(absorb, oops));
  $('again').addEventListener('click', () => { visit.keep({ session_id: '', seen: 0 }); sheet(''); restart(); $('words').focus(); });
  $('note-back').addEventListener('click', () => { sheet(''); $('words').focus(); });
  form('ask', ['email'], async said => { await visit.ask('/api/widget/introductions', said); visit.keep({ started: true }); sheet(''); $('words').focus(); });
  form('note', ['email', 'content'], async said => { await leaveNote(said); $('note').reset(); $('words').focus(); });
  form('rate', ['rating'], async said => { await feedback({ rating: Number(said.rating), comment: said.comment }); log.event(word('rate_thanks')); visit.keep({ session_id: '', seen: 0 }); last = 0; now = null; sheet(''); host.tell('going', { on: false }); link.leave(); face(); $('words').focus(); });
  addEventListener('keydown', event => { if (event.key === 'Escape') { if (!$('note').hidden) { sheet(''); $('words').focus(); } else host.tell('close'); } });
}

function send() {
  const content = $('words').value.trim();
  if (!content) return;
  if (content.length > config.line) { trouble(word('long', { n: config.line })); return; }
  $('words').value = '';
  trouble('');
  say(content);
}

/** A form whose fields of these names must be filled in properly; the first that is not gets the focus. */
function form(id, needed, done) {
  $(id).addEventListener('submit', async event => {
    event.preventDefault();
    const said = Object.fromEntries(new FormData($(id))), error = $(`${id}-error`);
    const wrong = needed.map(one => $(id).elements[one]).find(field => (field.checkValidity ? !field.checkValidity() : !field.value));
    for (const one of needed) if ($(id).elements[one].setAttribute) $(id).elements[one].setAttribute('aria-invalid', String($(id).elements[one] === wrong));
    if (!said[needed[0]] || wrong) { error.hidden = false; (wrong && wrong.focus ? wrong : $(id).querySelector('input')).focus(); return; }
    error.hidden = true;
    try { await done(said); } catch (failed) { oops(failed); }
  });
}

