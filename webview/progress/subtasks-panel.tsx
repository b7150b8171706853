import { computed, signal } from '@preact/signals';
import type { SubtaskView } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { ask, bridge, runId, tab } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatMoney } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { VirtualList } from '../ui/virtual-list.tsx';
import { countSubtasks } from './counts.ts';
import { logFilter } from './log-state.ts';
import { groupSubtasks, type SubtaskGroup } from './run-facts.ts';
import { subtaskList } from './selectors.ts';
import { SignLabel } from './sign-label.tsx';
import { subtaskSign } from './words.ts';

const ROW_PX = 40;
const SHOWN_ROWS = 8;
const chosenGroup = signal<SubtaskGroup['name'] | null>(null);
const chosenId = signal<string | null>(null);

const groups = computed(() => groupSubtasks(subtaskList.value));
const shown = computed(() => {
  const group = groups.value.find(({ name }) => name === chosenGroup.value);
  return group === undefined ? groups.value.flatMap(({ subtasks }) => subtasks) : group.subtasks;
});

function groupLabel(name: SubtaskGroup['name'], count: number): string {
  const labels: Record<SubtaskGroup['name'], string> = {
    attention: t('Needs attention: {0}', count),
    active: t('Active: {0}', count),
    pending: t('Pending: {0}', count),
    finished: t('Integrated: {0}', count),
  };
  return labels[name];
}

export function SubtasksPanel() {
  const all = subtaskList.value;
  const list = shown.value;
  const chosen = list.find(({ id }) => id === chosenId.value) ?? null;
  return (
    <Section title={t('Subtasks')} note={countSubtasks(all.length)} class="subtask-list">
      {all.length === 0 ? (
        <p class="muted">{t('Subtasks appear when there is a plan.')}</p>
      ) : (
        <>
          <Chips all={all.length} />
          <div class="list-box" style={{ height: `${Math.min(list.length || 2, SHOWN_ROWS) * ROW_PX + 2}px` }}>
            <VirtualList
              items={list}
              keyOf={({ id }) => id}
              rowHeightPx={ROW_PX}
              label={t('Subtasks; Enter opens the changes')}
              activeIndex={chosen === null ? -1 : list.indexOf(chosen)}
              onActiveChange={(index) => {
                chosenId.value = list[index]?.id ?? null;
              }}
              renderRow={(subtask) => <SubtaskRow subtask={subtask} />}
              empty={t('No subtask is in this state.')}
            />
          </div>
          {chosen === null ? null : <SubtaskDetail subtask={chosen} />}
        </>
      )}
    </Section>
  );
}

function Chips({ all }: { all: number }) {
  const chip = (name: SubtaskGroup['name'] | null, label: string) => (
    <button
      key={label}
      type="button"
      class="chip"
      aria-pressed={chosenGroup.value === name}
      onClick={() => {
        chosenGroup.value = name;
      }}
    >
      {label}
    </button>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <div class="chips" role="group" aria-label={t('Show subtasks by state')}>
      {chip(null, t('All: {0}', all))}
      {groups.value.map(({ name, subtasks }) => chip(name, groupLabel(name, subtasks.length)))}
    </div>
  );
}

function SubtaskRow({ subtask }: { subtask: SubtaskView }) {
  const { title, state, round, agentId, lastAction, costUsd } = subtask;
  return (
    <div class="subtask-row">
      <SignLabel sign={subtaskSign(state)} />
      <span class="subtask-text">
        <span class="title">{title}</span>
        <span class="muted sub">
          {[agentId, round > 1 ? t('round {0}', round) : null, lastAction].filter(Boolean).join(' · ') ||
            t('not begun')}
        </span>
      </span>
      <span class="number muted">{formatMoney(costUsd)}</span>
    </div>
  );
}

/** What can be looked at in the chosen subtask. */
function SubtaskDetail({ subtask }: { subtask: SubtaskView }) {
  const run = runId.value;
  if (run === null) return null;
  const { id, commit, evidence, dependsOn, state } = subtask;
  return (
    <div class="detail">
      <p>
        <strong>{subtask.title}</strong> <code>{id}</code>
        <span class="muted">
          {' '}
          {dependsOn.length === 0 ? t('waits for no other subtask') : t('after {0}', dependsOn.join(', '))}
        </span>
      </p>
      <div class="actions">
        {commit === null ? (
          <span class="muted">{t('Nothing committed yet.')}</span>
        ) : (
          <Button
            about={id}
            icon="diff"
            onClick={() =>
              ask(bridge.call('open', { target: { kind: 'diff', runId: run, subtaskId: id, path: null } }))
            }
          >
            {t('Open changes')}
          </Button>
        )}
        {evidence.length === 0 ? null : (
          <Button
            about={id}
            icon="beaker"
            onClick={() => {
              tab.value = 'results';
            }}
          >
            {t('Evidence')}
          </Button>
        )}
        {state === 'integrated' || subtask.startedAt === null ? null : (
          <Button
            about={id}
            icon="folder"
            onClick={() => ask(bridge.call('open', { target: { kind: 'worktree', runId: run, subtaskId: id } }))}
          >
            {t('Open worktree')}
          </Button>
        )}
        <Button
          about={id}
          icon="terminal"
          onClick={() => {
            logFilter.value = { ...logFilter.value, subtaskId: id };
            document.getElementById('run-log')?.scrollIntoView({ block: 'nearest' });
          }}
        >
          {t('Show in log')}
        </Button>
      </div>
    </div>
  );
}
