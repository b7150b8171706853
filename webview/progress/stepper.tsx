import { useComputed } from '@preact/signals';
import { t } from '../l10n.ts';
import { formatTime } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { IconName } from '../ui/icon-paths.ts';
import { type StageStep, stageSteps } from './run-facts.ts';
import { part, stable, stages } from './selectors.ts';
import { stageWord } from './words.ts';

const stage = part('stage');
const status = part('status');
const endedAt = part('endedAt');
const stopped = part('stoppedAfter');

const steps = stable<StageStep[]>(
  () =>
    stage.value === null || status.value === null
      ? []
      : stageSteps({ stage: stage.value, stages: stages.value ?? [], status: status.value, endedAt: endedAt.value }),
  (before, after) => JSON.stringify(before) === JSON.stringify(after),
);

function iconOf(step: StageStep, isEnded: boolean, isWaiting: boolean): IconName {
  if (step.state === 'ahead') return 'circle';
  if (step.state === 'reached') return 'pass';
  if (step.stage === 'done') return 'pass';
  if (isEnded) return 'stop';
  return isWaiting ? 'bell' : 'sync';
}

/** Where the run is: the stages in order, with the time at which each was reached. */
export function Stepper() {
  const isWaiting = useComputed(() => status.value === 'waiting');
  const isEnded = useComputed(() => status.value === 'failed' || status.value === 'cancelled');
  const stoppedAfter = stopped.value;
  return (
    <ol class="stepper" aria-label={t('Stages')}>
      {steps.value.map((step) => {
        const icon = iconOf(step, isEnded.value, isWaiting.value);
        const isCurrent = step.state === 'current';
        const words = { reached: t('reached'), current: t('current stage'), ahead: t('not reached yet') };
        return (
          <li key={step.stage} class={`step ${step.state}`} aria-current={isCurrent ? 'step' : undefined}>
            <Icon name={icon} class={icon === 'sync' ? 'turning' : undefined} />
            <span class="step-name">
              {stageWord(step.stage)}
              <span class="hidden-visually">, {words[step.state]}</span>
            </span>
            <span class="step-time">
              {step.enteredAt === null ? '' : formatTime(step.enteredAt)}
              {step.stage === 'done' && stoppedAfter !== null && stoppedAfter !== 'deploy'
                ? t(' (after {0})', stageWord(stoppedAfter))
                : ''}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
