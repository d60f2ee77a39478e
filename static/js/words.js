/* words.js: what scripts say, in the reader's language. The server puts the words into <template id="words">
   (helpdesk/core/words.py); a name without words shows itself, so that a gap is seen and nothing breaks. */
const known = JSON.parse(document.getElementById('words')?.content.textContent || '{}');
const plural = new Intl.PluralRules(document.documentElement.lang || 'en');

/** The words of that name; `{key}` in them becomes `values.key`. */
export const word = (name, values = {}) => (known[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

/** The same for a number of things: `{n}`. */
export const counted = (name, n) => word(`${name}.${plural.select(n)}` in known ? `${name}.${plural.select(n)}` : `${name}.other`, { n });
