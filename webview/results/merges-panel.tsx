import { t } from '../l10n.ts';
import { shortCommit } from '../progress/log-entry.ts';
import { part, subtaskList } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { subtaskSign } from '../progress/words.ts';
import { Capped } from '../ui/capped.tsx';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { lineCounts } from './result-facts.ts';

const overlaps = part('overlaps');
const SHOWN = 30;

/** How the work of the subtasks came together: where branches touched the same files, and what each merge brought. */
export function MergesPanel() {
  const found = overlaps.value ?? [];
  const merged = subtaskList.value.filter(({ integratedCommit }) => integratedCommit !== null);
  return (
    <Section
      title={t('Integration')}
      note={t('{0} of {1} subtasks integrated', merged.length, subtaskList.value.length)}
      class="merges"
    >
      {found.length === 0 ? (
        <p class="muted">{t('No two subtasks have changed the same file.')}</p>
      ) : (
        <Capped items={found} step={SHOWN} class="checks">
          {({ subtaskIds, kind, paths }, index) => (
            <li key={`${subtaskIds.join()}-${index}`} class="check-line">
              <span class={`sign tone-${kind === 'conflict' ? 'warn' : 'calm'}`}>
                <Icon name={kind === 'conflict' ? 'warning' : 'info'} />
                {kind === 'conflict' ? t('Conflict') : t('Same file')}
              </span>
              <span class="check-name">
                {t('{0} and {1}', subtaskIds[0], subtaskIds[1])}
                <code class="muted sub">{paths.join(', ')}</code>
              </span>
            </li>
          )}
        </Capped>
      )}
      {merged.length === 0 ? (
        <p class="muted">{t('Nothing is integrated yet.')}</p>
      ) : (
        <Capped items={merged} step={SHOWN} class="checks">
          {({ id, title, state, files, integratedCommit }) => {
            const { added, removed } = lineCounts(files);
            return (
              <li key={id} class="check-line">
                <SignLabel sign={subtaskSign(state)} />
                <span class="check-name">
                  {title} <code class="muted">{integratedCommit === null ? '' : shortCommit(integratedCommit)}</code>
                </span>
                <span class="line-counts">
                  <span class="added">+{added}</span> <span class="removed">−{removed}</span>
                </span>
              </li>
            );
          }}
        </Capped>
      )}
    </Section>
  );
}
