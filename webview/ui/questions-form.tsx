import { useId, useState } from 'preact/hooks';
import type { Answer } from '../../src/protocol/plan.ts';
import { t } from '../l10n.ts';
import { dispatch, isTrusted, view } from '../store.ts';
import { Button } from './button.tsx';
import { Field } from './field.tsx';

/** The lead's questions, with the answers that it would take by itself already there. */
export function QuestionsForm({ runId, labelledBy }: { runId: string; labelledBy?: string }) {
  const id = useId();
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [isSending, setSending] = useState(false);
  const questions = view.value?.questions ?? [];
  const answers = (): Answer[] =>
    questions.map(({ id: questionId, defaultAnswer }) => {
      const text = (typed[questionId] ?? defaultAnswer).trim();
      const isDefault = text === '' || text === defaultAnswer;
      return { questionId, text: isDefault ? defaultAnswer : text, source: isDefault ? 'default' : 'person' };
    });
  const send = async () => {
    setSending(true);
    await dispatch({ type: 'answer', runId, answers: answers() });
    setSending(false);
  };
  return (
    <form
      class="questions-form"
      aria-labelledby={labelledBy}
      onSubmit={(event) => {
        event.preventDefault();
        if (isTrusted.value && !isSending) void send();
      }}
    >
      <p class="muted">{t('Each field holds what the lead takes when you leave it as it is.')}</p>
      {questions.map(({ id: questionId, text, defaultAnswer }) => (
        <Field key={questionId} id={`${id}-${questionId}`} label={text}>
          {(aria) => (
            <textarea
              {...aria}
              rows={2}
              value={typed[questionId] ?? defaultAnswer}
              onInput={(event) => setTyped({ ...typed, [questionId]: event.currentTarget.value })}
            />
          )}
        </Field>
      ))}
      <div class="actions">
        <Button kind="primary" type="submit" isDisabled={!isTrusted.value} isBusy={isSending}>
          {t('Send answers')}
        </Button>
      </div>
    </form>
  );
}
