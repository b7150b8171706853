import type { Effort, Specialization, Subtask } from '../../src/protocol/plan.ts';
import { removableTests } from '../../src/protocol/removable-tests.ts';
import { t } from '../l10n.ts';
import { roleName } from '../progress/words.ts';
import { Checkbox, Field } from '../ui/field.tsx';
import { ListEditor } from '../ui/list-editor.tsx';
import type { PlanFault } from './faults.ts';
import { change } from './plan-state.ts';
import { EFFORTS, effortWord, faultText, SPECIALIZATIONS } from './words.ts';

interface SubtaskFormProps {
  subtask: Subtask;
  /** All of the plan, for dependencies. */
  all: readonly Subtask[];
  faults: readonly PlanFault[];
}

/** What can be changed of a subtask before the plan is approved. */
export function SubtaskForm({ subtask, all, faults }: SubtaskFormProps) {
  const { id } = subtask;
  const titleOf = (other: string) => all.find((one) => one.id === other)?.title ?? other;
  const errorOf = (...kinds: PlanFault['kind'][]): string | null => {
    const fault = faults.find((one) => kinds.includes(one.kind));
    return fault === undefined ? null : faultText(fault, titleOf);
  };
  return (
    <div class="subtask-form">
      <Field id={`${id}-title`} label={t('Title')} error={errorOf('title_missing')}>
        {(aria) => (
          <input
            {...aria}
            value={subtask.title}
            onInput={(event) => change(id, { title: event.currentTarget.value })}
          />
        )}
      </Field>
      <Field id={`${id}-description`} label={t('What the agent is to do')} error={errorOf('description_missing')}>
        {(aria) => (
          <textarea
            {...aria}
            rows={4}
            value={subtask.description}
            onInput={(event) => change(id, { description: event.currentTarget.value })}
          />
        )}
      </Field>
      <Choices subtask={subtask} />
      <Dependencies subtask={subtask} all={all} error={errorOf('circle')} />
      <ListEditor
        id={`${id}-criteria`}
        label={t('Criteria')}
        hint={t('What must be true when it is done. Their links to requirements stay.')}
        addLabel={t('Add criterion')}
        items={subtask.acceptanceCriteria.map(({ text }) => text)}
        onChange={(texts) => change(id, { acceptanceCriteria: withTexts(subtask, texts) })}
        error={errorOf('criterion_missing')}
        errorAt={() => null}
      />
      <ListEditor
        id={`${id}-paths`}
        label={t('Files it may change')}
        hint={t('Relative to the repository; a folder ends with a slash.')}
        addLabel={t('Add path')}
        items={subtask.ownedPaths}
        onChange={(ownedPaths) => change(id, { ownedPaths })}
        error={errorOf('path_missing', 'path_outside')}
        errorAt={() => null}
      />
      <ListEditor
        id={`${id}-tests`}
        label={t('Tests it may remove')}
        hint={t('Test files of its own that may go or lose tests. Every other test has to stay.')}
        addLabel={t('Add test file')}
        items={removableTests(subtask)}
        onChange={(removesTests) => change(id, { removesTests })}
        error={errorOf('test_missing', 'test_outside')}
        errorAt={() => null}
      />
    </div>
  );
}

/** A row that was changed keeps its requirements; a moved or new one is found by its text. */
function withTexts(subtask: Subtask, texts: readonly string[]): Subtask['acceptanceCriteria'] {
  const old = subtask.acceptanceCriteria;
  return texts.map((text, index) => {
    const same = old.find((criterion) => criterion.text === text);
    const place = texts.length === old.length ? old[index] : undefined;
    return { text, requirements: (same ?? place)?.requirements ?? [] };
  });
}

function Choices({ subtask }: { subtask: Subtask }) {
  const { id } = subtask;
  return (
    <div class="choices">
      <Field id={`${id}-agent`} label={t('Agent')}>
        {(aria) => (
          <select
            {...aria}
            value={subtask.specialization}
            onChange={(event) => change(id, { specialization: event.currentTarget.value as Specialization })}
          >
            {SPECIALIZATIONS.map((name) => (
              <option key={name} value={name}>
                {roleName(name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field id={`${id}-effort`} label={t('Effort')}>
        {(aria) => (
          <select
            {...aria}
            value={subtask.effort}
            onChange={(event) => change(id, { effort: event.currentTarget.value as Effort })}
          >
            {EFFORTS.map((name) => (
              <option key={name} value={name}>
                {effortWord(name)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field id={`${id}-priority`} label={t('Priority')}>
        {(aria) => (
          <select
            {...aria}
            value={String(subtask.priority)}
            onChange={(event) => change(id, { priority: Number(event.currentTarget.value) })}
          >
            {[1, 2, 3, 4, 5].map((priority) => (
              <option key={priority} value={String(priority)}>
                {priority === 1 ? t('1, first') : priority === 5 ? t('5, last') : String(priority)}
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}

function Dependencies({ subtask, all, error }: { subtask: Subtask; all: readonly Subtask[]; error: string | null }) {
  const { id, dependsOn } = subtask;
  const others = all.filter((other) => other.id !== id);
  if (others.length === 0) return null;
  const toggle = (other: string, isOn: boolean) =>
    // In the order of the plan, so that on and off again is no change.
    change(id, { dependsOn: isOn ? [...dependsOn, other] : dependsOn.filter((one) => one !== other) });
  return (
    <fieldset class="field" aria-describedby={error === null ? undefined : `${id}-depends-error`}>
      <legend>{t('Waits for')}</legend>
      <div class="dependencies">
        {others.map((other) => (
          <Checkbox
            key={other.id}
            id={`${id}-after-${other.id}`}
            label={other.title}
            isChecked={dependsOn.includes(other.id)}
            onChange={(isOn) => toggle(other.id, isOn)}
          />
        ))}
      </div>
      {error === null ? null : (
        <p id={`${id}-depends-error`} class="field-error small" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
