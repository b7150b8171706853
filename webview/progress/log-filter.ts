import type { EventRecord } from '../../src/protocol/events.ts';
import type { LogLevel, LogLine } from './log-entry.ts';
import { logLine } from './log-line.ts';

/** What of the log is shown; null and '' let everything through. */
export interface LogFilter {
  least: LogLevel;
  agentId: string | null;
  subtaskId: string | null;
  text: string;
}

export const NO_FILTER: LogFilter = { least: 'detail', agentId: null, subtaskId: null, text: '' };

/** Success says nothing that has to be acted upon. */
const RANK: Record<LogLevel, number> = { detail: 0, info: 1, success: 1, warning: 2, failure: 3 };

const lines = new WeakMap<EventRecord, LogLine>();

/** The line of a record, made once. */
export function lineOf(record: EventRecord): LogLine {
  const known = lines.get(record);
  if (known !== undefined) return known;
  const made = logLine(record);
  lines.set(record, made);
  return made;
}

export const isFiltering = (filter: LogFilter): boolean =>
  filter.least !== 'detail' || filter.agentId !== null || filter.subtaskId !== null || filter.text.trim() !== '';

/** The records that pass, in order; the same array when nothing is filtered. */
export function filterLog(records: readonly EventRecord[], filter: LogFilter): readonly EventRecord[] {
  if (!isFiltering(filter)) return records;
  const least = RANK[filter.least];
  const needle = filter.text.trim().toLowerCase();
  return records.filter((record) => {
    const line = lineOf(record);
    if (RANK[line.level] < least) return false;
    if (filter.agentId !== null && line.agentId !== filter.agentId) return false;
    if (filter.subtaskId !== null && line.subtaskId !== filter.subtaskId && line.otherSubtaskId !== filter.subtaskId)
      return false;
    if (needle === '') return true;
    return (
      line.text.toLowerCase().includes(needle) ||
      (line.subtaskId?.includes(needle) ?? false) ||
      (line.agentId?.includes(needle) ?? false)
    );
  });
}
