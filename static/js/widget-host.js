/* widget-host.js: the frame and the website around it. Only the window that shows us is heard, and only from the address that it
   named and that the site's list allows; nobody else is told anything. */
let around = '';

/** `heard(type, message)` for each word of the page. Returns the page's origin, "" when it may not show us. */
export function listen(config, query, heard) {
  const asked = query.get('origin') || '';
  around = asked === location.origin || config.origins.includes(asked) ? asked : '';
  addEventListener('message', event => {
    const said = event.data;
    if (!around || event.source !== parent || event.origin !== around || !said || said.helpdesk !== 1) return;
    heard(String(said.type), said);
  });
  return asked;
}

export function tell(type, more = {}) {
  if (around && parent !== window) parent.postMessage({ helpdesk: 1, type, ...more }, around);
}
