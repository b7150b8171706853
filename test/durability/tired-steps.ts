import { systemClock } from '../../src/core/clock.ts';
import { openStore } from '../../src/core/engine/store.ts';

/** A step that was cut so often is let to its end: the engine parks a run whose step ended the process too often. */
const MOST_CUTS = 3;

/** Open steps that have been cut as often as is wise. */
export function tiredSteps({ stateDir }: { stateDir: string }): number {
  const store = openStore(stateDir, systemClock);
  try {
    const row = store
      .prepare(`SELECT count(*) AS n FROM journal WHERE state = 'open' AND attempts - failures - interruptions >= ?`)
      .get(MOST_CUTS);
    return Number(row?.n);
  } finally {
    store.close();
  }
}
