/* copy.js: a button that copies what is in its data-copy, on pages outside the ticket console. */
document.addEventListener('click', async event => {
  const button = event.target.closest('[data-copy]');
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.dataset.state = 'copied';
  button.querySelector('use')?.setAttribute('href', button.querySelector('use').getAttribute('href').replace('#i-copy', '#i-check'));
});
