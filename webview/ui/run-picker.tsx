import { t } from '../l10n.ts';
import { runSign } from '../progress/words.ts';
import { runId, runs, show, tab } from '../store.ts';
import { formatDate } from './format.ts';

/** Which run the pages are about: the runs of the window, newest first. */
export function RunPicker() {
  if (runs.value.length === 0) return null;
  const current = runId.value;
  const onChange = (id: string) => void show(tab.value === 'new' ? 'progress' : tab.value, id === '' ? null : id);
  return (
    <div class="run-picker">
      <label for="run" class="muted">
        {t('Run')}
      </label>
      <select id="run" value={current ?? ''} onChange={(event) => onChange(event.currentTarget.value)}>
        {current === null ? <option value="">{t('None')}</option> : null}
        {runs.value.map(({ runId: id, name, status, startedAt }) => (
          <option key={id} value={id}>
            {[name, runSign(status, false).word, startedAt === null ? '' : formatDate(startedAt)]
              .filter(Boolean)
              .join(' · ')}
          </option>
        ))}
      </select>
    </div>
  );
}
