import { useId, useState } from 'preact/hooks';
import type { Answer } from '../../src/protocol/plan.ts';
import type { Waiting } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { Action, dispatch } from './action.tsx';
import { part } from './selectors.ts';

const questions = part('questions');

/** One field a question; an empty one takes the default, which is shown with it. */
export function QuestionsForm({ runId }: { runId: string; wait: Waiting }) {
  const id = useId();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const list = questions.value ?? [];
  const answers = (): Answer[] =>
    list.map(({ id: questionId, defaultAnswer }) => {
      const text = (typed[questionId] ?? '').trim();
      return text === ''
        ? { questionId, text: defaultAnswer, source: 'default' }
        : { questionId, text, source: 'person' };
    });
  return (
    <div class="questions">
      {list.map((question) => (
        <div key={question.id} class="field">
          <label class="model-text" for={`${id}-${question.id}`}>
            {question.text}
          </label>
          <textarea
            id={`${id}-${question.id}`}
            rows={2}
            value={typed[question.id] ?? ''}
            aria-describedby={`${id}-${question.id}-default`}
            onInput={(event) => setTyped({ ...typed, [question.id]: event.currentTarget.value })}
          />
          <p id={`${id}-${question.id}-default`} class="muted model-text">
            {t('Left empty: {0}', question.defaultAnswer)}
          </p>
        </div>
      ))}
      <div class="actions">
        <Action
          label={t('Send answers')}
          icon="check"
          kind="primary"
          onAct={() => dispatch({ type: 'answer', runId, answers: answers() })}
        />
      </div>
    </div>
  );
}
