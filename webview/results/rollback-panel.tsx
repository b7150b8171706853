import { t } from '../l10n.ts';
import { ChangeList } from '../progress/change-list.tsx';
import { part } from '../progress/selectors.ts';
import { Section } from '../ui/section.tsx';

const rollback = part('rollback');

/** What a rollback undid, and what stays. Not shown in other runs. */
export function RollbackPanel() {
  const result = rollback.value;
  if (result === null) return null;
  return (
    <Section title={t('Rollback')} class="rollback">
      {result.done.length === 0 ? (
        <p class="muted">{t('Nothing had to be undone.')}</p>
      ) : (
        <>
          <h3>{t('Done')}</h3>
          <ChangeList changes={result.done} isDone />
        </>
      )}
      {result.kept.length === 0 ? null : (
        <>
          <h3>{t('Left as it is')}</h3>
          <ul class="bullets">
            {result.kept.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
