/* widget-visit.js: who the visitor is. A bearer token of half an hour, kept in the frame's own storage, which no website can
   read; it is renewed before it ends, and where it ended all the same, the visit begins anew. */
const RENEW_BEFORE = 120;   // s
let config = null, origin = '', identity = '', state = {}, running = null;

/** What is kept over page loads: {token, ends, user_id, session_id, seen, unsent: [{client_id, content}]} */
export const kept = () => state;
export function keep(changes) {
  Object.assign(state, changes);
  try { localStorage.setItem(`helpdesk-widget:${config.site}`, JSON.stringify(state)); } catch { /* storage is shut: the chat lives as long as the page */ }
}

export function begin(given, shownBy) {
  config = given;
  origin = shownBy;
  try { state = JSON.parse(localStorage.getItem(`helpdesk-widget:${config.site}`)) || {}; } catch { state = {}; }
  return state;
}

/** The website vouches for somebody, or for nobody any more. Returns whether another person sits there now. */
export async function identify(token) {
  const before = state.user_id;
  if (running) await running.catch(() => {});   // it was begun without this proof
  identity = token;
  keep({ ends: 0 });
  if (!token) forget();
  await enter();
  return before !== state.user_id;
}

export const forget = () => keep({ token: '', ends: 0, user_id: '', session_id: '', seen: 0, unsent: [], started: false });
export const isKnown = () => Boolean(state.token);

/** A visit that is good for two more minutes at least. One request, however many wait for it. */
export function enter() {
  if (state.token && state.ends > Date.now() / 1000 + RENEW_BEFORE) return Promise.resolve(state);
  running = running || visit().finally(() => { running = null; });
  return running;
}

async function visit() {
  const vouched = identity;
  identity = '';   // a proof may work but once: the token that it gave is what counts from now on
  const answer = await fetch('/api/widget/visits', {
    method: 'POST', credentials: 'omit',
    headers: { 'Content-Type': 'application/json', ...(state.token ? { Authorization: `Bearer ${state.token}` } : {}) },
    body: JSON.stringify({ site: config.site, origin, ...(vouched ? { identity: vouched } : {}) }),
  });
  if (vouched && answer.status === 401 && state.token) return visit();   // it was used up: who was known stays known
  if (!answer.ok) throw await trouble(answer);
  const said = await answer.json();
  const other = state.user_id && state.user_id !== said.user_id;
  keep({ token: said.token, ends: Date.now() / 1000 + said.expires_in, user_id: said.user_id, verified: said.verified, name: said.name, email: said.email, ...(said.session_id ? { session_id: said.session_id } : other ? { session_id: '', seen: 0, unsent: [], started: false } : {}) });   // a chat that was begun as a stranger goes on
  Object.assign(config, { open: said.open, back: said.back });
  return state;
}

/** Ask the API as this visitor. `body` is sent as JSON, a FormData as it is. Throws Error with `status` and the server's words. */
export async function ask(path, body, method = body ? 'POST' : 'GET') {
  await enter();
  const form = body instanceof FormData;
  const send = () => fetch(path, {
    method, credentials: 'omit',
    headers: { Authorization: `Bearer ${state.token}`, ...(body && !form ? { 'Content-Type': 'application/json' } : {}) },
    body: body && !form ? JSON.stringify(body) : body,
  });
  let answer = await send();
  if (answer.status === 401) { keep({ ends: 0 }); await enter(); answer = await send(); }
  if (!answer.ok) throw await trouble(answer);
  return answer.status === 204 ? null : answer.json();
}

async function trouble(answer) {
  let said = {};
  try { said = await answer.json(); } catch { /* no words came with it */ }
  return Object.assign(new Error(said.detail || ''), { status: answer.status, errors: said.errors || {} });
}
