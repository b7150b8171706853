import { computed, signal } from '@preact/signals';
import type { EventRecord } from '../../src/protocol/events.ts';
import { log } from '../store.ts';
import { filterLog, type LogFilter, NO_FILTER } from './log-filter.ts';

/** What of the log is shown; kept while the person looks at another page. */
export const logFilter = signal<LogFilter>(NO_FILTER);
/** The log as it was when it was paused; null while it runs. */
export const frozen = signal<readonly EventRecord[] | null>(null);
export const isFollowing = signal(true);
/** Sequence number of the chosen line. */
export const chosenSeq = signal<number | null>(null);

export const shownLog = computed(() => filterLog(frozen.value ?? log.value, logFilter.value));

/** Lines that came since the log was paused. */
export const heldBack = computed(() => {
  const last = frozen.value?.at(-1)?.seq ?? 0;
  const newest = log.value.at(-1)?.seq ?? 0;
  return frozen.value === null ? 0 : Math.max(0, newest - last);
});
