import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { t } from '../l10n.ts';
import { dispatch, isLive, now, runId } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatClock } from '../ui/format.ts';
import { elapsedMs } from './run-facts.ts';
import { part, waiting } from './selectors.ts';
import { SignLabel } from './sign-label.tsx';
import { runSign, runTitle } from './words.ts';

const startedAt = part('startedAt');
const endedAt = part('endedAt');
const status = part('status');
const paused = part('paused');
const brief = part('brief');
const branch = part('branch');
const purpose = part('purpose');
const rolledBack = part('rolledBack');

function Elapsed() {
  const text = formatClock(elapsedMs({ startedAt: startedAt.value, endedAt: endedAt.value }, now.value));
  return (
    <span class="figure" role="timer" aria-live="off" aria-label={t('Elapsed {0}', text)}>
      {text}
    </span>
  );
}

/** Name, state and clock of the run, and what can be done with the whole of it. */
export function RunHeader() {
  const id = runId.value;
  if (status.value === null || id === null) return null;
  return (
    <header class="run-header">
      <h1>{runTitle(purpose.value ?? 'build', brief.value?.name ?? id)}</h1>
      <div class="run-facts">
        <SignLabel sign={runSign(status.value, paused.value ?? false)} />
        {rolledBack.value === null ? null : <span class="tone-warn">{t('rolled back')}</span>}
        <Elapsed />
        {branch.value === null ? null : <span class="muted">{t('Branch {0}', branch.value)}</span>}
      </div>
      {isLive.value ? <RunControls runId={id} /> : null}
    </header>
  );
}

function RunControls({ runId: id }: { runId: string }) {
  const [isAsking, setAsking] = useState(false);
  const isPaused = paused.value ?? false;
  const isHeld = isPaused || (waiting.value?.some(({ gate }) => gate === 'resume') ?? false);
  return (
    <div class="actions run-controls">
      {isHeld ? (
        <Button icon="play" kind="primary" onClick={() => dispatch({ type: 'resume', runId: id, budgetUsd: null })}>
          {t('Resume')}
        </Button>
      ) : (
        <Button icon="pause" onClick={() => dispatch({ type: 'pause', runId: id })}>
          {t('Pause')}
        </Button>
      )}
      <Button icon="stop" isExpanded={isAsking} onClick={() => setAsking(!isAsking)}>
        {t('Cancel run…')}
      </Button>
      {isAsking ? <CancelQuestion runId={id} onClose={() => setAsking(false)} /> : null}
    </div>
  );
}

function CancelQuestion({ runId: id, onClose }: { runId: string; onClose(): void }) {
  const box = useRef<HTMLDivElement>(null);
  // Opening moves the focus to the safe answer before another key can be pressed; closing gives it back.
  useLayoutEffect(() => {
    const opener = document.activeElement;
    box.current?.querySelector<HTMLElement>('[data-safe] button')?.focus();
    return () => {
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <div
      ref={box}
      class="question"
      role="alertdialog"
      aria-label={t('Cancel this run?')}
      aria-describedby="cancel-text"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <p id="cancel-text">
        {t('Cancel this run? Agents stop at once. Their commits stay in the repository; the run cannot be resumed.')}
      </p>
      <div class="actions">
        <span data-safe>
          <Button onClick={onClose}>{t('Keep running')}</Button>
        </span>
        <Button kind="primary" onClick={() => dispatch({ type: 'cancel', runId: id }).then(onClose)}>
          {t('Cancel the run')}
        </Button>
      </div>
    </div>
  );
}
