/* http.js: asking the server outside htmx. */

/** The headers that every POST of this page carries. */
export const csrf = () => JSON.parse(document.body.getAttribute('hx-headers') || '{}');

/** POST a form; answers the Response. Throws when there is no network. */
export function post(url, fields = {}) {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers: { ...csrf(), 'HX-Request': 'true' } });
}
