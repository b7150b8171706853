import { computed } from '@preact/signals';
import { lossesOf } from '../../src/protocol/losses.ts';
import type { DeploymentChange } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { runId } from '../store.ts';
import { Section } from '../ui/section.tsx';
import { ChangeList } from './change-list.tsx';
import { DecideDeployment } from './decide-deployment.tsx';
import { part, waiting } from './selectors.ts';

const preview = part('preview');
const purpose = part('purpose');
const wait = computed(() => waiting.value?.find(({ gate }) => gate === 'deployment') ?? null);

/** On the progress page: what deploying would do, for as long as a person has to decide about it. */
export function WaitingPreview() {
  return wait.value === null ? null : <PreviewPanel />;
}

/** On the results page: the same, with the decision while it waits, and what was announced afterwards. */
export function PreviewPanel({ hasDecision = false }: { hasDecision?: boolean }) {
  const id = runId.value;
  const found = preview.value;
  if (id === null || found === null) return null;
  const { changes, irreversible } = found;
  const lost = lossesOf({ preview: found }).length;
  return (
    <Section
      title={purpose.value === 'rollback' ? t('Preview of the rollback') : t('Preview of the deployment')}
      note={lost === 0 ? undefined : lost === 1 ? t('1 change loses something') : t('{0} changes lose something', lost)}
      class={wait.value === null ? 'preview' : 'preview waiting'}
    >
      {changes.length === 0 ? <p class="muted">{t('Everything is there already; nothing changes.')}</p> : null}
      <Group title={t('Will create')} action="create" changes={changes} />
      <Group title={t('Will change')} action="change" changes={changes} />
      <Group title={t('Will delete')} action="delete" changes={changes} />
      {irreversible.length === 0 ? null : (
        <>
          <h3>{t('Cannot be undone')}</h3>
          <ul class="bullets">
            {irreversible.map((words) => (
              <li key={words}>{words}</li>
            ))}
          </ul>
        </>
      )}
      {hasDecision && wait.value !== null ? <DecideDeployment runId={id} wait={wait.value} /> : null}
    </Section>
  );
}

interface GroupProps {
  title: string;
  action: DeploymentChange['action'];
  changes: readonly DeploymentChange[];
}

function Group({ title, action, changes }: GroupProps) {
  const of = changes.filter((change) => change.action === action);
  if (of.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span class="muted">{of.length}</span>
      </h3>
      <ChangeList changes={of} isDone={false} />
    </>
  );
}
