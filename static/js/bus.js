/* bus.js: the one event bus of the page. Modules speak through it and never import each other's insides.
   Names: live:changed, live:state, pane:loaded, ticket:opened, announce:said, theme:changed, tab:picked.
   Only entry files (shell.js, and one per page) stand in a script tag; everything else is imported, so each
   module exists once. */
const target = new EventTarget();

/** Call `heard(detail)` for every event of this name; returns a function that stops it. */
export function on(name, heard) {
  const listener = event => heard(event.detail);
  target.addEventListener(name, listener);
  return () => target.removeEventListener(name, listener);
}

/** Tell everyone. `detail` is any value. */
export function emit(name, detail = null) {
  target.dispatchEvent(new CustomEvent(name, { detail }));
}
