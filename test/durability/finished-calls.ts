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
  return new Set(costsOfCalls(place, folder).keys());
}

/** The same with what each has cost in US dollars; null when its price is unknown. */
export function costsOfCalls(place: Pick<Place, 'stateDir'>, folder: string): Map<string, number | null> {
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
  return new Map(
    rows.map(({ run_id, name, event }) => {
      const called = JSON.parse(event) as Extract<DomainEvent, { type: 'model.called' }>;
      if (called.role === 'lead') return [`${folder}/${called.purpose}`, called.costUsd];
      const conversation = `${called.subtaskId}${run_id.includes('/integrate-') ? ':merge' : ''}`;
      return [`${folder}/${conversation}#${/\d+/.exec(name)?.[0]}`, called.costUsd];
    }),
  );
}
