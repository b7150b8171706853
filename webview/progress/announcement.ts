import type { Gate, Stage } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { gateName, stageWord } from './words.ts';

export interface Announced {
  runId: string;
  stage: Stage;
  status: RunView['status'];
  waits: readonly { gate: Gate; key: string }[];
}

/** What to say aloud about the change from one state to another; null when there is nothing to say. */
export function announcement(before: Announced | null, after: Announced | null): string | null {
  // The first look at a run is read from the page.
  if (before === null || after === null || before.runId !== after.runId) return null;
  const parts: string[] = [];
  if (before.stage !== after.stage) parts.push(t('Stage: {0}', stageWord(after.stage)));
  if (before.status !== after.status && after.status === 'failed') parts.push(t('The run failed'));
  if (before.status !== after.status && after.status === 'cancelled') parts.push(t('The run was cancelled'));
  const known = new Set(before.waits.map(({ key }) => key));
  for (const { gate, key } of after.waits) {
    if (!known.has(key)) parts.push(t('Waiting for {0}', gateName(gate)));
  }
  return parts.length === 0 ? null : parts.join('. ');
}
