/* widget-link.js: the live link. Its frames say that something is new; what it is, the window reads. After a break it tries
   again after 1, 2, 4, 8, 15 s; meanwhile, and where sockets cannot pass, the window asks every 10 s. */
import { ask, enter, kept } from './widget-visit.js';

const WAITS = [1000, 2000, 4000, 8000, 15000];   // ms before each further try, plus jitter
const PING = 20000, POLL = 10000;   // ms
const TOO_MANY = 4429;
let socket = null, tries = 0, retry = 0, wanted = false, starting = false, told = {};

/** `told`: {news(), typing(frame), gone(), crowded()} */
export function start(listeners) {
  told = listeners;
  addEventListener('online', () => { if (wanted) { tries = 0; connect(); told.news(); } });   // a socket may have slept through it
  addEventListener('offline', () => { if (wanted) told.gone(); });
  setInterval(() => { if (isOpen()) socket.send('{"type":"ping"}'); }, PING);
  setInterval(() => { if (wanted && !isOpen() && navigator.onLine) told.news(); }, POLL);
}

export const isOpen = () => socket !== null && socket.readyState === 1;

/** From now on, until `leave`. */
export function follow() { wanted = true; connect(); }

export function leave() {
  wanted = false;
  clearTimeout(retry);
  if (socket) socket.close();
  socket = null;
}

export function typing() { if (isOpen()) socket.send(JSON.stringify({ type: 'typing', session_id: kept().session_id })); }

async function connect() {
  clearTimeout(retry);
  if (!wanted || starting || (socket && socket.readyState < 2)) return;
  starting = true;
  try {
    const { user_id: user } = await enter();
    const { ticket } = await ask('/api/v1/socket-tickets', { user_id: user });
    const address = new URL(`/ws/chat/${encodeURIComponent(user)}`, location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    address.search = new URLSearchParams({ ticket, session_id: kept().session_id || '' });
    if (!wanted) return;
    socket = new WebSocket(address);
    socket.addEventListener('open', () => { tries = 0; told.news(); });
    socket.addEventListener('message', event => hear(event.data));
    socket.addEventListener('close', event => lost(event.code));
  } catch { lost(0); } finally { starting = false; }
}

function hear(text) {
  let frame;
  try { frame = JSON.parse(text); } catch { return; }
  if (frame.type === 'typing') told.typing(frame);
  else if (frame.type !== 'pong' && frame.type !== 'error') told.news(frame);
}

function lost(code) {
  socket = null;
  if (!wanted) return;
  if (code === TOO_MANY) told.crowded();
  told.news();   // does the server answer otherwise?
  const wait = WAITS[Math.min(tries, WAITS.length - 1)] * (.8 + Math.random() * .4);
  tries += 1;
  retry = setTimeout(connect, wait);
}
