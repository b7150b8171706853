import type { Subtask } from '../../src/protocol/plan.ts';
import { removableTests } from '../../src/protocol/removable-tests.ts';
import { t } from '../l10n.ts';
import { view } from '../store.ts';

interface SubtaskFactsProps {
  subtask: Subtask;
  all: readonly Subtask[];
  /** Shows everything; otherwise only what cannot be changed. */
  isReadOnly: boolean;
}

/** What is fixed about a subtask: text to read, not controls that do nothing. */
export function SubtaskFacts({ subtask, all, isReadOnly }: SubtaskFactsProps) {
  const removable = removableTests(subtask);
  const titleOf = (id: string) => all.find((other) => other.id === id)?.title ?? id;
  return (
    <dl class="facts">
      {isReadOnly ? (
        <>
          <dt>{t('What the agent is to do')}</dt>
          <dd class="prose">{subtask.description}</dd>
          <dt>{t('Waits for')}</dt>
          <dd>{subtask.dependsOn.length === 0 ? t('nothing') : subtask.dependsOn.map(titleOf).join(', ')}</dd>
          <dt>{t('Criteria')}</dt>
          <dd>
            <ul class="bullets">
              {subtask.acceptanceCriteria.map(({ text }) => (
                <li key={text}>{text}</li>
              ))}
            </ul>
          </dd>
          <dt>{t('Files it may change')}</dt>
          <dd class="mono">{subtask.ownedPaths.join(', ')}</dd>
          {removable.length === 0 ? null : (
            <>
              <dt>{t('Tests it may remove')}</dt>
              <dd class="mono">{removable.join(', ')}</dd>
            </>
          )}
        </>
      ) : null}
      <dt>{t('Requirements it covers')}</dt>
      <dd>
        <Covered subtask={subtask} />
      </dd>
      <dt>{t('Checks')}</dt>
      <dd>
        <ul>
          {subtask.checks.map(({ name, command }) => (
            <li key={`${name} ${command}`}>
              {name}: <code>{command}</code>
            </li>
          ))}
        </ul>
      </dd>
    </dl>
  );
}

function Covered({ subtask }: { subtask: Subtask }) {
  const numbers = [...new Set(subtask.acceptanceCriteria.flatMap(({ requirements }) => requirements))].sort(
    (a, b) => a - b,
  );
  if (numbers.length === 0) return <span class="muted">{t('none; it serves the others')}</span>;
  const requirements = view.value?.brief?.requirements ?? [];
  return (
    <ul>
      {numbers.map((number) => (
        <li key={number}>
          {number}. {requirements[number - 1] ?? ''}
        </li>
      ))}
    </ul>
  );
}
