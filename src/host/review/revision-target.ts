import type { RunView, Waiting } from '../../protocol/view.ts';
import type { Thread } from './review-state.ts';

/** The wait of a parked subtask; null when it does not wait. Its engine run is named after it, with a number from the second try on. */
export function parkedWait(view: RunView, subtaskId: string): Waiting | null {
  if (view.subtasks[subtaskId]?.state !== 'parked') return null;
  const parked = view.waiting.filter((waiting) => waiting.gate === 'subtask');
  const isOf = ({ waitOn, message }: Waiting) => {
    const name = waitOn.split(/[/:]/).at(-1) ?? '';
    const base = name.replace(/\.\d+$/, '').replace(/^[a-z]+-/, '');
    return base === subtaskId || message.startsWith(`Subtask "${subtaskId}" `);
  };
  return parked.find(isOf) ?? null;
}

/** Threads that a revision takes along: those of one subtask, or all. */
export function unsent(threads: readonly Thread[], subtaskId: string | null): Thread[] {
  return threads.filter((thread) => thread.sentWith === null && (subtaskId === null || thread.subtaskId === subtaskId));
}
