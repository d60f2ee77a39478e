/* passkey.js: what allauth's own script reports when a passkey was refused or put away, said on the page. */
document.addEventListener('allauth.error', event => {
  event.preventDefault();  // else it goes to the browser's console, where nobody looks
  const said = document.getElementById('passkey-failed'), card = document.querySelector('.signin__card');
  card?.querySelector('[data-passkey-failed]')?.remove();
  const shown = said?.content.firstElementChild?.cloneNode(true);
  if (!shown) return;
  shown.dataset.passkeyFailed = '';
  card?.querySelector('h1')?.after(shown);
});
