import { useId, useState } from 'preact/hooks';
import type { Waiting } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { ask, bridge, dispatch, show, view } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { QuestionsForm } from '../ui/questions-form.tsx';
import { SendBack } from '../ui/send-back.tsx';
import { DecideDeployment } from './decide-deployment.tsx';
import { remedyOf } from './remedy.ts';
import { subtaskOfWait } from './run-facts.ts';

interface WaitProps {
  runId: string;
  wait: Waiting;
}

const openDiff = (runId: string, subtaskId: string | null) =>
  ask(bridge.call('open', { target: { kind: 'diff', runId, subtaskId, path: null } }));

/** The buttons of one wait. A decision names the wait that was shown, so that a later one is never answered by mistake. */
export function WaitActions({ runId, wait }: WaitProps) {
  switch (wait.gate) {
    case 'questions':
      return <QuestionsForm runId={runId} />;
    case 'plan':
    case 'diff':
    case 'subtask':
      return <Decide runId={runId} wait={wait} gate={wait.gate} />;
    case 'deployment':
      return <DecideDeployment runId={runId} wait={wait} />;
    case 'resume':
      return <Resume runId={runId} wait={wait} />;
    default:
      return assertNever(wait.gate);
  }
}

/** Accept, look at it, or send it back with a comment. */
export function Decide({ runId, wait, gate }: WaitProps & { gate: 'plan' | 'diff' | 'subtask' }) {
  const [isCommenting, setCommenting] = useState(false);
  const { topic, waitOn } = wait;
  const subtaskId = view.value === null ? null : subtaskOfWait(view.value, wait);
  const about = gate === 'subtask' && subtaskId !== null ? subtaskId : undefined;
  const approve = { plan: t('Approve plan'), diff: t('Accept all'), subtask: t('Accept as it is') }[gate];
  const look = { plan: t('Look at the plan'), diff: t('Review changes'), subtask: t('Open its changes') }[gate];
  return (
    <>
      <div class="actions">
        <Button
          about={about}
          icon={gate === 'plan' ? 'eye' : 'diff'}
          kind={gate === 'plan' ? 'secondary' : 'primary'}
          onClick={() => (gate === 'plan' ? show('plan', runId) : openDiff(runId, subtaskId))}
        >
          {look}
        </Button>
        <Button
          about={about}
          icon="check"
          kind={gate === 'plan' ? 'primary' : 'secondary'}
          onClick={() => dispatch({ type: 'approve', runId, gate, topic, waitOn })}
        >
          {approve}
        </Button>
        <Button about={about} icon="comment" isExpanded={isCommenting} onClick={() => setCommenting(!isCommenting)}>
          {t('Send back…')}
        </Button>
      </div>
      {isCommenting ? (
        <SendBack
          label={gate === 'plan' ? t('What should the plan change?') : t('What should the agent change?')}
          send={(comment) => dispatch({ type: 'reject', runId, comment, topic, waitOn })}
          onClose={() => setCommenting(false)}
        />
      ) : null}
    </>
  );
}

function Resume({ runId, wait }: WaitProps) {
  const { topic, waitOn, code } = wait;
  const remedy = code === null ? null : remedyOf(code);
  if (code === 'budget_exceeded') return <RaiseCap runId={runId} wait={wait} />;
  const { command } = remedy ?? { command: null };
  return (
    <>
      {remedy === null ? null : <p class="remedy">{remedy.text}</p>}
      <div class="actions">
        {command === null ? null : (
          <Button kind="primary" onClick={() => ask(bridge.call('command', { command: command.name, runId }))}>
            {command.label}
          </Button>
        )}
        <Button
          about={wait.message}
          icon="play"
          kind={command === null ? 'primary' : 'secondary'}
          onClick={() => dispatch({ type: 'resume', runId, budgetUsd: null, topic, waitOn })}
        >
          {code === 'paused' ? t('Resume') : t('Try again')}
        </Button>
      </div>
    </>
  );
}

function RaiseCap({ runId, wait: { topic, waitOn } }: WaitProps) {
  const id = useId();
  const cap = view.value?.budgetUsd ?? 0;
  const [typed, setTyped] = useState(String(Math.ceil(cap * 2)));
  const [problem, setProblem] = useState<string | null>(null);
  const onRaise = () => {
    const usd = Number(typed.replace(',', '.'));
    if (!(usd > cap) || !Number.isFinite(usd)) {
      setProblem(t('The new cap must be more than {0} dollars.', cap));
      document.getElementById(id)?.focus();
      return undefined;
    }
    return dispatch({ type: 'resume', runId, budgetUsd: usd, topic, waitOn });
  };
  return (
    <>
      <p class="remedy">{remedyOf('budget_exceeded').text}</p>
      <div class="actions">
        <label for={id}>{t('New cap in US dollars')}</label>
        <input
          id={id}
          type="text"
          inputMode="decimal"
          size={6}
          value={typed}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : `${id}-problem`}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setProblem(null);
          }}
        />
        <Button icon="play" kind="primary" onClick={onRaise}>
          {t('Raise the cap and go on')}
        </Button>
      </div>
      {problem === null ? null : (
        <p id={`${id}-problem`} class="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function assertNever(gate: never): never {
  throw new Error(`unknown gate ${String(gate)}`);
}
