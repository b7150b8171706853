import * as vscode from 'vscode';
import type { HostBase } from '../app.ts';
import type { Dialogs } from './dialogs.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

/** Landing and its checks; the run goes on after it, only nobody reports here any more. */
const OUTCOME_LIMIT_MS = 30 * 60_000;

export interface Watched {
  /** Null when nobody waits for it any more. */
  ended: Promise<Outcome | null>;
  stop(): void;
}

/** Waits for what becomes of a decision that is about to be sent. */
export function watchOutcome(app: HostBase, runId: string, signal: AbortSignal): Watched {
  const { promise, resolve } = Promise.withResolvers<Outcome | null>();
  const subscription = app.runs.onRecords((records) => {
    for (const record of records) {
      const outcome = record.runId === runId ? outcomeOf(record.event) : null;
      if (outcome !== null) resolve(outcome);
    }
  });
  const limit = setTimeout(() => resolve(null), OUTCOME_LIMIT_MS);
  const cancel = () => resolve(null);
  signal.addEventListener('abort', cancel, { once: true });
  return {
    ended: promise,
    stop() {
      subscription.dispose();
      clearTimeout(limit);
      signal.removeEventListener('abort', cancel);
      resolve(null);
    },
  };
}

export function sayOutcome(dialogs: Dialogs, outcome: Outcome | null): void {
  if (outcome === null) {
    dialogs.mention(vscode.l10n.t('The decision was sent; the run goes on.'));
    return;
  }
  switch (outcome.kind) {
    case 'landed':
      dialogs.tell(vscode.l10n.t('Accepted. {0}', outcome.note));
      break;
    case 'waits':
      dialogs.warn(vscode.l10n.t('Not accepted yet. {0}', outcome.message));
      break;
    case 'ended':
      dialogs.warn(vscode.l10n.t('The run has ended before the changes landed. {0}', outcome.message));
      break;
  }
}
