// The help centre: articles while you type, in the search field and beside the contact form. Every page works without it.

const WAIT = 250; // ms after the last key
const SHORTEST = 3; // characters

/* The chat, where there is one: its script comes when it comes, so what opens it is shown once it is there. */
for (const button of document.querySelectorAll('[data-chat]')) {
  const about = { url: new URL(button.dataset.chat, location.href).href, title: button.dataset.title };
  button.addEventListener('click', () => window.HelpdeskChat.open(about));
  addEventListener('helpdesk-chat', () => { button.hidden = false; });
  button.hidden = !window.HelpdeskChat;
}

for (const source of document.querySelectorAll('[data-suggest]')) watch(source);

function watch(source) {
  const box = document.getElementById(source.dataset.suggest);
  const fields = source.matches('input') ? [source] : [...source.querySelectorAll('[name=subject], [name=body]')];
  let timer, asked = '', running;
  if (!box || !fields.length) return;
  const ask = async () => {
    const text = fields.map((field) => field.value).join('. ').trim().slice(0, 256);
    if (text === asked) return;
    asked = text;
    running?.abort();
    if (text.length < SHORTEST) { box.replaceChildren(); box.hidden = true; return; }
    running = new AbortController();
    try {
      const answer = await fetch(`/help/suggestions/?q=${encodeURIComponent(text)}`, { signal: running.signal });
      if (!answer.ok) return;
      const part = new DOMParser().parseFromString(await answer.text(), 'text/html');
      box.replaceChildren(...part.body.childNodes);
      box.hidden = !box.querySelector('a');
    } catch (error) { if (error.name !== 'AbortError') box.hidden = true; }
  };
  for (const field of fields) field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); });
  if (source.matches('input')) {
    const links = () => [...box.querySelectorAll('a')];
    source.addEventListener('keydown', (event) => { if (event.key === 'ArrowDown' && links().length) { event.preventDefault(); links()[0].focus(); } if (event.key === 'Escape') box.hidden = true; });
    box.addEventListener('keydown', (event) => {
      const all = links(), at = all.indexOf(document.activeElement);
      if (event.key === 'ArrowDown') { event.preventDefault(); all[Math.min(at + 1, all.length - 1)]?.focus(); }
      if (event.key === 'ArrowUp') { event.preventDefault(); (at > 0 ? all[at - 1] : source).focus(); }
      if (event.key === 'Escape') { box.hidden = true; source.focus(); }
    });
    document.addEventListener('click', (event) => { if (!box.contains(event.target) && event.target !== source) box.hidden = true; });
  }
}
