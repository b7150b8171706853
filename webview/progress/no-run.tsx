import { t } from '../l10n.ts';
import { runId } from '../store.ts';

/** In place of a page about a run while there is none to show. */
export function NoRun() {
  return (
    <p class="page-empty">
      {runId.value === null ? t('No run is chosen. Start one under "New task".') : t('Reading the run…')}
    </p>
  );
}
