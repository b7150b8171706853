import { computed } from '@preact/signals';
import type { ErrorInfo } from '../../src/protocol/errors.ts';
import { t } from '../l10n.ts';
import { ask, bridge, runId, view } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { remedyOf } from './remedy.ts';
import { stable } from './selectors.ts';

interface Problem {
  key: string;
  /** What failed. */
  title: string;
  error: ErrorInfo;
}

const found = stable<Problem[]>(
  () => {
    const { value } = view;
    if (value === null) return [];
    const list: Problem[] = [];
    if (value.error !== null) list.push({ key: 'run', title: t('The run failed'), error: value.error });
    for (const { id, title, failed, state } of Object.values(value.subtasks)) {
      if (failed !== null && state === 'failed')
        list.push({ key: id, title: t('Subtask "{0}" failed', title), error: failed });
    }
    return list;
  },
  (before, after) =>
    before.length === after.length && before.every((problem, index) => problem.error === after[index]?.error),
);

/** Faults of the plan that the lead could not mend by itself yet. */
const planFaults = computed(() => view.value?.planFaults ?? []);

/** What went wrong, where, and what to do about it. Not shown while all is well. */
export function ProblemsPanel() {
  const id = runId.value;
  if (id === null || (found.value.length === 0 && planFaults.value.length === 0)) return null;
  return (
    <Section title={t('Problems')} class="problems">
      <ul class="cards">
        {found.value.map(({ key, title, error }) => {
          const remedy = remedyOf(error.code);
          const { command } = remedy;
          return (
            <li key={key} class="card bad">
              <p class="card-title">
                <Icon name="error" class="tone-bad" />
                <span>
                  <strong>{title}</strong> <code class="muted">{error.code}</code>
                </span>
              </p>
              <p class="model-text">{error.userMessage}</p>
              <p class="remedy">{remedy.text}</p>
              {command === null ? null : (
                <div class="actions">
                  <Button onClick={() => ask(bridge.call('command', { command: command.name, runId: id }))}>
                    {command.label}
                  </Button>
                </div>
              )}
            </li>
          );
        })}
        {planFaults.value.length === 0 ? null : (
          <li class="card bad">
            <p class="card-title">
              <Icon name="warning" class="tone-warn" />
              <strong>{t('The plan was refused')}</strong>
            </p>
            <ul class="model-text">
              {planFaults.value.map((fault) => (
                <li key={fault}>{fault}</li>
              ))}
            </ul>
            <p class="remedy">{t('The lead is asked to mend it.')}</p>
          </li>
        )}
      </ul>
    </Section>
  );
}
