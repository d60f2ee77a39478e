/* rules.js: rows of the rule form come and go without a reload. Without this file "Add" asks the server for the whole form again. */
document.addEventListener('click', async event => {
  const remove = event.target.closest('[data-remove-row]');
  if (remove) {
    const row = remove.closest('.rule-row'), next = row.nextElementSibling ?? row.previousElementSibling;
    if (row.parentElement.children.length > 1) row.remove();
    (next ?? row).querySelector('select')?.focus();
    return;
  }
  const add = event.target.closest('[data-add]');
  if (!add || !window.htmx) return;
  event.preventDefault();
  const rows = document.getElementById(add.dataset.add);
  await window.htmx.ajax('GET', add.dataset.row, { target: rows, swap: 'beforeend' });
  rows.lastElementChild?.querySelector('select')?.focus();
});
