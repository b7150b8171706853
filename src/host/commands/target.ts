import { Gate } from '../../protocol/events.ts';

/** What a command is about, as rows of the trees, the console, notifications and links name it. All null: to be asked. */
export interface Target {
  runId: string | null;
  subtaskId: string | null;
  path: string | null;
  topic: string | null;
  waitOn: string | null;
  gate: Gate | null;
  /** Which piece of evidence. */
  index: number | null;
}

/** Reads the first argument of a command. Anything may be there: other extensions and links can call commands, too. */
export function readTarget(args: readonly unknown[]): Target {
  const [first] = args;
  const given = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : {};
  const text = (key: string): string | null => {
    const value = given[key];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const { index } = given;
  return {
    // A row without a run says nothing about a wait either.
    runId: text('runId'),
    subtaskId: text('subtaskId'),
    path: text('path'),
    topic: text('topic'),
    waitOn: text('waitOn'),
    gate: Gate.safeParse(given.gate).data ?? null,
    index: typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : null,
  };
}
