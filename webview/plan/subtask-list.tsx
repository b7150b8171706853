import { useEffect, useRef } from 'preact/hooks';
import type { Subtask } from '../../src/protocol/plan.ts';
import { removableTests } from '../../src/protocol/removable-tests.ts';
import type { SubtaskState } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { roleName, subtaskSign } from '../progress/words.ts';
import { Badge } from '../ui/badge.tsx';
import { IconButton } from '../ui/button.tsx';
import { Icon } from '../ui/icon.tsx';
import { Notice } from '../ui/notice.tsx';
import { Effort } from './effort.tsx';
import { canDecide, changedIds, faults, move, refusedAbout, selectedId } from './plan-state.ts';
import { SubtaskFacts } from './subtask-facts.tsx';
import { SubtaskForm } from './subtask-form.tsx';
import { effortWord } from './words.ts';

interface SubtaskListProps {
  subtasks: readonly Subtask[];
  stateOf: ((id: string) => SubtaskState) | null;
}

/** The subtasks in their order; one of them open. */
export function SubtaskList({ subtasks, stateOf }: SubtaskListProps) {
  return (
    <ol class="subtasks">
      {subtasks.map((subtask, index) => (
        <SubtaskRow
          key={subtask.id}
          subtask={subtask}
          place={index}
          all={subtasks}
          state={stateOf?.(subtask.id) ?? null}
        />
      ))}
    </ol>
  );
}

interface SubtaskRowProps {
  subtask: Subtask;
  place: number;
  all: readonly Subtask[];
  state: SubtaskState | null;
}

function SubtaskRow({ subtask, place, all, state }: SubtaskRowProps) {
  const { id } = subtask;
  const row = useRef<HTMLLIElement>(null);
  const isOpen = selectedId.value === id;
  const own = faults.value.filter((fault) => (fault.kind === 'circle' ? fault.circle.includes(id) : fault.id === id));
  const said = refusedAbout(id);
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isOpen]);
  return (
    <li ref={row} class={isOpen ? 'subtask open' : 'subtask'}>
      <div class="subtask-head">
        <h3>
          <button
            type="button"
            id={`subtask-${id}`}
            class="subtask-toggle"
            aria-expanded={isOpen}
            onClick={() => {
              selectedId.value = isOpen ? null : id;
            }}
          >
            <Icon name={isOpen ? 'down' : 'right'} />
            <span class="number">{place + 1}</span>
            <span class="subtask-title">{subtask.title || t('Untitled')}</span>
          </button>
        </h3>
        <div class="subtask-badges">
          {own.length + said.length === 0 ? null : (
            <span class="field-error small">
              <Icon name="error" />
              {t('needs a change')}
            </span>
          )}
          {removableTests(subtask).length === 0 ? null : <Badge>{t('may remove tests')}</Badge>}
          {changedIds.value.has(id) ? <Badge>{t('changed')}</Badge> : null}
          {state === null ? null : <SignLabel sign={subtaskSign(state)} />}
          <span class="muted small">{roleName(subtask.specialization)}</span>
          <span class="muted small with-bars">
            <Effort effort={subtask.effort} />
            {effortWord(subtask.effort)}
          </span>
          {canDecide.value ? <MoveButtons subtask={subtask} place={place} count={all.length} /> : null}
        </div>
      </div>
      {isOpen ? (
        <div class="subtask-body">
          {said.map((fault) => (
            <Notice key={fault} kind="error">
              {fault}
            </Notice>
          ))}
          {canDecide.value ? <SubtaskForm subtask={subtask} all={all} faults={own} /> : null}
          <SubtaskFacts subtask={subtask} all={all} isReadOnly={!canDecide.value} />
        </div>
      ) : null}
    </li>
  );
}

function MoveButtons({ subtask: { id, title }, place, count }: { subtask: Subtask; place: number; count: number }) {
  return (
    <span class="row-buttons">
      <IconButton icon="up" label={t('Move up: {0}', title)} isDisabled={place === 0} onClick={() => move(id, -1)} />
      <IconButton
        icon="down"
        label={t('Move down: {0}', title)}
        isDisabled={place === count - 1}
        onClick={() => move(id, 1)}
      />
    </span>
  );
}
