import { statusAt } from './hours.js';

const REFRESH_MS = 30_000;

function showStatus() {
  const status = statusAt(new Date());
  const badge = document.querySelector('#status');
  // Written only when it changes: the badge is a live region and would be read out each time.
  if (badge.textContent !== status.text) badge.textContent = status.text;
  badge.dataset.open = String(status.open);
  badge.hidden = false;
  document.querySelectorAll('#hours tbody tr').forEach((row, index) => {
    if (index === status.dayIndex) row.setAttribute('aria-current', 'date');
    else row.removeAttribute('aria-current');
  });
}

showStatus();
setInterval(showStatus, REFRESH_MS);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) showStatus();
});
