/* call-socket.js: the contract's socket of one call. It tells the state of the link, and after a break it asks again: the
   server sends the present state on connect, so nothing is lost. While there is none, the page reads itself anew. */
import { word } from './words.js';

const WAITS = [1000, 2000, 4000, 8000, 15000];   // ms before each further try, plus jitter
const PING = 20000;      // ms
const ENDED = [4401, 4403, 4404, 4410];   // signed out, not ours, not there, over: no further try
let socket = null, tries = 0, retry = 0, over = false, said = null;

const $ = id => document.getElementById(id);

/** Connect to a call; `heard(frame)` for every frame, `linked(on)` when the link comes or goes. */
export function start(session, heard, linked) {
  const connect = () => {
    clearTimeout(retry);
    if (over || (socket && socket.readyState < 2)) return;
    socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/realtime/ws/${session}`);
    socket.addEventListener('open', () => { tries = 0; show(true); linked(true); });
    socket.addEventListener('message', event => { try { heard(JSON.parse(event.data)); } catch (error) { if (!(error instanceof SyntaxError)) throw error; } });
    socket.addEventListener('close', event => lost(event.code));
  };
  const lost = code => {
    socket = null;
    if (over || ENDED.includes(code)) return;
    const wait = WAITS[Math.min(tries, WAITS.length - 1)] * (.8 + Math.random() * .4);
    tries += 1;
    retry = setTimeout(connect, wait);
    show(false);
    linked(false);
  };
  document.addEventListener('click', event => { if (event.target.closest('[data-retry]')) { tries = 0; connect(); } });
  document.addEventListener('visibilitychange', () => { if (!document.hidden && !socket) connect(); });
  addEventListener('online', () => { tries = 0; connect(); });
  addEventListener('offline', () => socket?.close());
  addEventListener('pagehide', () => stop());
  addEventListener('pageshow', event => { if (event.persisted) { over = false; connect(); } });
  setInterval(() => send({ type: 'ping' }), PING);
  connect();
}

/** Send one frame; false when there is no link. */
export function send(frame) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(JSON.stringify(frame));
  return true;
}

/** The call is over, or the page leaves. */
export function stop() { over = true; clearTimeout(retry); socket?.close(); }

function show(on) {
  if (said === on) return;
  said = on;
  const dot = $('call-link'), box = $('link-lost');
  if (dot) dot.dataset.tone = on ? 'good' : 'warn';
  if (!box) return;
  box.hidden = on;
  if (!on) box.querySelector('p').textContent = word('call_link_lost');
}
