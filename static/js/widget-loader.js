/* widget-loader.js, served as /widget.js: the one script tag of a website.
   <script src="https://support.example/widget.js" data-site="site_…" async></script>
   It draws a button, and shows the chat in a frame of the helpdesk's own origin: nothing of the page can be read from
   there, nor the other way. The two speak by postMessage; each listens to the other's origin alone. No cookie, no HTML. */
(() => {
  const script = document.currentScript, wish = script ? script.dataset : {}, site = wish.site || window.HelpdeskSite;
  const early = Array.isArray(window.HelpdeskChat) ? window.HelpdeskChat : [];
  if (!script || !site || (window.HelpdeskChat && window.HelpdeskChat.open)) return;
  const home = new URL(script.src, location.href).origin, hex = /^#?([0-9a-f]{6})$/i;
  const heard = {}, wide = matchMedia('(width >= 30rem)');
  let root, button, badge, panel, frame, ready = false, shown = false, identity = '', label = wish.label || 'Chat', queue = [];

  const store = (kind, name, value) => { try { const s = window[kind], key = `helpdesk-chat:${site}:${name}`; if (value === undefined) return s.getItem(key); if (value) s.setItem(key, value); else s.removeItem(key); } catch { /* storage is shut here: the chat begins anew on each page */ } return null; };
  const colour = (value, otherwise) => { const found = hex.exec(value || ''); return found ? `#${found[1]}` : otherwise; };
  const make = (name, attributes = {}) => { const one = document.createElement(name); for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value); return one; };
  const tell = (type, more = {}) => { if (ready) frame.contentWindow.postMessage({ helpdesk: 1, type, ...more }, home); else queue.push([type, more]); };

  function draw() {
    const host = make('div', { id: 'helpdesk-chat' }), sheet = new CSSStyleSheet();
    root = host.attachShadow({ mode: 'open' });
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    host.style.setProperty('--chat', colour(wish.colour, '#006177'));
    host.style.setProperty('--on-chat', colour(wish.text, readable(colour(wish.colour, '#006177'))));
    if (wish.side === 'start') host.setAttribute('data-start', '');
    button = make('button', { type: 'button', 'aria-expanded': 'false', 'aria-haspopup': 'dialog', part: 'launcher' });
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24'); svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z');
    svg.append(path);
    badge = make('span', { 'aria-hidden': 'true', hidden: '' });
    button.append(svg, badge);
    button.hidden = wish.launcher === 'none';
    button.addEventListener('click', () => (shown ? close() : open()));
    panel = make('div', { role: 'dialog', hidden: '' });
    for (const side of ['start', 'end']) { const guard = make('i', { tabindex: '0', 'data-guard': side }); guard.addEventListener('focus', () => (wide.matches ? guard.blur() : frame && frame.focus())); panel.append(guard); }
    root.append(panel, button);
    root.addEventListener('keydown', event => { if (event.key === 'Escape' && shown) close(); });
    document.body.append(host);
    name(0);
    wide.addEventListener('change', modal);
    if (store('localStorage', 'going')) load();   // a chat is going on: its answers are counted on the button
    if (store('sessionStorage', 'shown') && wide.matches) open();
    dispatchEvent(new Event('helpdesk-chat'));
    for (const [verb, ...rest] of early) if (typeof api[verb] === 'function') api[verb](...rest);
  }

  function load() {
    if (frame) return;
    const address = new URL('/widget/', home), put = (key, value) => value && address.searchParams.set(key, value);
    put('site', site); put('origin', location.origin); put('lang', wish.language || wish.lang || document.documentElement.lang); put('theme', wish.theme);
    put('accent', (colour(wish.colour, '') || '').slice(1)); put('on', (colour(wish.text, '') || '').slice(1));
    frame = make('iframe', { title: label, src: address.href, allow: 'clipboard-write', referrerpolicy: 'origin' });
    panel.insertBefore(frame, panel.lastChild);
  }

  function open(about) {
    load();
    shown = true;
    panel.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    store('sessionStorage', 'shown', '1');
    modal();
    tell('open', about && typeof about === 'object' ? { about } : {});
    frame.focus();
    say('open');
  }

  function close() {
    if (!shown) return;
    shown = false;
    panel.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    store('sessionStorage', 'shown', '');
    tell('close');
    (button.hidden ? document.body : button).focus();
    say('close');
  }

  function modal() {
    const full = shown && !wide.matches;
    if (full) panel.setAttribute('aria-modal', 'true'); else panel.removeAttribute('aria-modal');
    root.host.toggleAttribute('data-full', full);
  }

  function name(count, words) {
    button.setAttribute('aria-label', count ? `${label}, ${words}` : label);
    panel.setAttribute('aria-label', label);
    badge.hidden = !count;
    badge.textContent = count > 99 ? '99+' : String(count);
    say('unread', count);
  }

  const say = (what, value) => { for (const one of heard[what] || []) one(value); };
  const api = {
    open, close,
    toggle: () => (shown ? close() : open()),
    /** Who the reader is: what the website's own server has signed. An empty one: they signed out. */
    identify: token => { identity = String(token || ''); if (identity) load(); if (frame) tell('identify', { identity }); },
    logout: () => { identity = ''; store('localStorage', 'going', ''); if (frame) tell('logout'); },
    /** `open`, `close`, `unread` (a number), `message` */
    on: (what, listener) => { (heard[what] = heard[what] || []).push(listener); },
    push: ([verb, ...rest]) => { if (typeof api[verb] === 'function') api[verb](...rest); },
  };

  addEventListener('message', event => {
    const said = event.data;
    if (!frame || event.source !== frame.contentWindow || event.origin !== home || !said || said.helpdesk !== 1) return;
    if (said.type === 'ready') {
      ready = true;
      label = wish.label || String(said.label || label);
      frame.title = label;
      name(0);
      tell('page', { url: location.origin + location.pathname, title: document.title.slice(0, 200), shown });
      const waiting = queue;
      queue = [];
      for (const [type, more] of waiting) tell(type, more);
    }
    if (said.type === 'close') close();
    if (said.type === 'unread') name(Number(said.count) || 0, String(said.words || ''));
    if (said.type === 'message') say('message');
    if (said.type === 'going') store('localStorage', 'going', said.on ? '1' : '');
  });

  /** White or near black: what can be read on this colour. */
  function readable(hexadecimal) {
    const part = at => { const v = parseInt(hexadecimal.slice(at, at + 2), 16) / 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return 1.05 / (.2126 * part(1) + .7152 * part(3) + .0722 * part(5) + .05) >= 4.5 ? '#ffffff' : '#101418';
  }

  const STYLE = `:host { all: initial; position: fixed; z-index: 2147483000; inset-block-end: 20px; inset-inline-end: 20px; font: 500 12px/1 system-ui, sans-serif }
:host([data-start]) { inset-inline: 20px auto }
[hidden] { display: none !important }
button { all: unset; box-sizing: border-box; display: grid; place-items: center; position: relative; inline-size: 56px; block-size: 56px; margin-inline-start: auto; border-radius: 50%; cursor: pointer; background: var(--chat); color: var(--on-chat); box-shadow: 0 2px 6px #0003, 0 8px 24px #0003 }
:host([data-start]) button { margin-inline: 0 auto }
button:focus-visible { outline: 3px solid var(--chat); outline-offset: 3px; box-shadow: 0 0 0 3px #fff, 0 8px 24px #0003 }
svg { inline-size: 26px; block-size: 26px; fill: none; stroke: currentColor; stroke-width: 1.9; stroke-linecap: round; stroke-linejoin: round }
span { position: absolute; inset-block-start: -2px; inset-inline-end: -2px; min-inline-size: 20px; box-sizing: border-box; padding: 4px 5px; border-radius: 10px; background: #b51e23; color: #fff; text-align: center }
div { position: absolute; inset-block-end: 68px; inset-inline-end: 0; inline-size: min(376px, calc(100vw - 40px)); block-size: min(688px, calc(100dvh - 108px)); border-radius: 16px; overflow: clip; box-shadow: 0 2px 6px #0002, 0 18px 48px -12px #0006; background: Canvas }
:host([data-start]) div { inset-inline: 0 auto }
iframe { display: block; inline-size: 100%; block-size: 100%; border: 0; color-scheme: normal }
i { position: absolute; inline-size: 1px; block-size: 1px; overflow: clip; outline: none }
:host([data-full]) div { position: fixed; inset: 0; inline-size: auto; block-size: auto; border-radius: 0; box-shadow: none }
:host([data-full]) button { visibility: hidden }
@media (forced-colors: active) { button { border: 2px solid ButtonText } }
@media print { :host { display: none } }`;

  window.HelpdeskChat = api;
  if (document.body) draw(); else addEventListener('DOMContentLoaded', draw);
})();
