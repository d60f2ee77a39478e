/* checks.js: what a picture does not show. Returns a list of words; empty is good. Run by shoot.py in the page. */
() => { const out = [], vw = document.documentElement.clientWidth;
for (const e of document.querySelectorAll('body *')) { const cs = getComputedStyle(e), r = e.getBoundingClientRect();
  if (!e.getClientRects().length || cs.visibility === 'hidden' || e.closest('svg, .sr-only, .hp, [data-hscroll], .skip-link, option') || !r.width) continue;
  const n = e.tagName.toLowerCase() + '.' + e.className, hid = v => v === 'hidden' || v === 'clip', ell = cs.textOverflow === 'ellipsis', t = e.textContent.trim().slice(0, 40);
  if (!ell && ((hid(cs.overflowX) && e.scrollWidth > e.clientWidth + 1) || (hid(cs.overflowY) && e.clientHeight && e.scrollHeight > e.clientHeight + 1))) out.push('CLIPPED ' + n + ' ' + t);
  if (!hid(cs.overflowX) && cs.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1 && !e.matches('pre, .table, select, input, textarea')) out.push('H-SCROLL ' + n);
  if (!hid(cs.overflowX) && !e.children.length && t && cs.display !== 'inline' && e.scrollWidth > e.clientWidth + 1 && !e.matches('pre, select, textarea')) out.push('TEXT OUT OF BOX ' + n + ' ' + t);
  if ((r.right > vw + 1 || r.left < -1) && !e.closest('pre, .table')) out.push('OFF PAGE ' + n + ' ' + t); }
for (const b of document.querySelectorAll('a, button, select, [role=tab], input:not([type=radio], [type=checkbox])')) { const r = b.getBoundingClientRect();
  if (b.getClientRects().length && getComputedStyle(b).display !== 'inline' && !b.matches('.cite, .skip-link') && !b.closest('.hp') && (r.width < 23.5 || r.height < 19.5)) out.push('SMALL TARGET ' + b.textContent.trim().slice(0, 30)); }
return [...new Set(out)] }
