/* widget-theme.js: the website's colours, as far as words can be read on them. What cannot be read is moved towards black or
   white until it can: a brand's yellow stays a yellow, and its words turn dark. */
const LEAST = 4.5, WHITE = [255, 255, 255], INK = [16, 20, 24];
const SURFACES = { light: [[255, 255, 255], [240, 242, 243]], dark: [[24, 28, 31], [34, 39, 43]] };   // --raised, --surface-3

const parts = text => { const found = /^#?([0-9a-f]{6})$/i.exec(text || ''); return found ? [0, 2, 4].map(at => parseInt(found[1].slice(at, at + 2), 16)) : null; };
const light = colour => colour.map(v => v / 255).map(v => (v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
const hex = colour => `#${colour.map(v => Math.round(v).toString(16).padStart(2, '0')).join('')}`;

/** 1 to 21, as WCAG reckons it. */
export function contrast(one, other) {
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + .05) / (dark + .05);
}

/** The colour, moved in steps towards `end` until it can be read on each of `grounds`. */
export function readable(colour, grounds, end) {
  for (let step = 0; step <= 20; step += 1) {
    const moved = colour.map((v, i) => v + (end[i] - v) * step / 20);
    if (grounds.every(ground => contrast(moved, ground) >= LEAST)) return moved;
  }
  return end;
}

/** Take the two colours of the address, else the site's own. Set as properties of the root: no style is written into the page. */
export function paint(config, query) {
  const root = document.documentElement, wish = query.get('theme');
  root.dataset.theme = ['light', 'dark'].includes(wish) ? wish : 'auto';
  const accent = parts(query.get('accent')) || parts(config.colour), asked = parts(query.get('on'));
  if (!accent) return;
  const on = [asked, WHITE, INK].find(one => one && contrast(one, accent) >= LEAST) || INK;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const set = () => {
    const night = wish === 'dark' || (wish !== 'light' && dark.matches);
    root.style.setProperty('--accent', hex(accent));
    root.style.setProperty('--on-accent', hex(on));
    root.style.setProperty('--accent-text', hex(readable(accent, SURFACES[night ? 'dark' : 'light'], night ? WHITE : [0, 0, 0])));
  };
  set();
  dark.addEventListener('change', set);
}
