import { computed } from '@preact/signals';
import { t } from '../l10n.ts';
import { waiting } from '../progress/selectors.ts';
import { Decide } from '../progress/wait-actions.tsx';
import { runId } from '../store.ts';
import { Section } from '../ui/section.tsx';
import { diffWait } from './result-facts.ts';

const wait = computed(() => diffWait(waiting.value ?? []));

/** The decision about the whole diff, while it waits. */
export function DecisionPanel() {
  const id = runId.value;
  if (wait.value === null || id === null) return null;
  return (
    <Section title={t('The changes wait for your review')} class="waiting">
      <p class="model-text">{wait.value.message}</p>
      <Decide runId={id} wait={wait.value} gate="diff" />
    </Section>
  );
}
