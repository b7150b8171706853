import type { DomainEvent } from '../../src/protocol/events.ts';
import { look, type Place } from './place.ts';

/** Folders of the samples by number: with them begin the names in the models' journal. */
export const FOLDERS: Record<number, string> = { 1: '1-static-site', 2: '2-fullstack', 3: '3-api-function' };

interface CallRow {
  run_id: string;
  name: string;
  event: string;
}

/** Model calls that are on record as finished, by the names that the models' journal uses. */
export function finishedCalls(place: Pick<Place, 'stateDir'>, folder: string): Set<string> {
  const rows = look(
    place,
    (store) =>
      store
        .prepare(
          `SELECT journal.run_id, journal.name, events.event FROM journal JOIN events
           ON events.dedup_key = 'step:' || journal.run_id || ':' || journal.name || ':called'
           WHERE journal.state = 'ok'`,
        )
        .all() as unknown as CallRow[],
  );
  return new Set(
    rows.map(({ run_id, name, event }) => {
      const called = JSON.parse(event) as Extract<DomainEvent, { type: 'model.called' }>;
      if (called.role === 'lead') return `${folder}/${called.purpose}`;
      const isMerge = run_id.includes('/integrate-');
      return `${folder}/${called.subtaskId}${isMerge ? ':merge' : ''}#${/\d+/.exec(name)?.[0]}`;
    }),
  );
}
