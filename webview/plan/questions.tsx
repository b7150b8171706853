import { useSignal } from '@preact/signals';
import type { Answer } from '../../src/protocol/plan.ts';
import { t } from '../l10n.ts';
import { ask, bridge, isTrusted, view } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';

/** The lead's questions, with the answers that it would take by itself already there. */
export function Questions({ runId }: { runId: string }) {
  const typed = useSignal<Record<string, string>>({});
  const isSending = useSignal(false);
  const questions = view.value?.questions ?? [];
  const answers = (): Answer[] =>
    questions.map(({ id, defaultAnswer }) => {
      const text = (typed.value[id] ?? defaultAnswer).trim();
      const isDefault = text === '' || text === defaultAnswer;
      return { questionId: id, text: isDefault ? defaultAnswer : text, source: isDefault ? 'default' : 'person' };
    });
  const send = async () => {
    isSending.value = true;
    await ask(bridge.call('dispatch', { intent: { type: 'answer', runId, answers: answers() } }));
    isSending.value = false;
  };
  return (
    <form
      class="plan-section questions-form"
      aria-labelledby="questions-title"
      onSubmit={(event) => {
        event.preventDefault();
        if (isTrusted.value && !isSending.value) void send();
      }}
    >
      <h2 id="questions-title">{t('Questions of the lead')}</h2>
      <p class="muted">{t('Each field holds what the lead takes when you leave it as it is.')}</p>
      {questions.map(({ id, text, defaultAnswer }) => (
        <Field key={id} id={`answer-${id}`} label={text}>
          {(aria) => (
            <textarea
              {...aria}
              rows={2}
              value={typed.value[id] ?? defaultAnswer}
              onInput={(event) => {
                typed.value = { ...typed.value, [id]: event.currentTarget.value };
              }}
            />
          )}
        </Field>
      ))}
      <div class="actions">
        <Button kind="primary" type="submit" isDisabled={!isTrusted.value} isBusy={isSending.value}>
          {t('Send answers')}
        </Button>
      </div>
    </form>
  );
}
