import type { DomainEvent } from '../../protocol/events.ts';

/** What became of a decision about a diff. */
export type Outcome =
  | { kind: 'landed'; note: string }
  /** It waits again: checks fail, or a condition has to change. */
  | { kind: 'waits'; message: string }
  | { kind: 'ended'; message: string };

/** The outcome that an event brings; null for one that decides nothing. */
export function outcomeOf(event: DomainEvent): Outcome | null {
  switch (event.type) {
    case 'changes.landed':
      return { kind: 'landed', note: event.note };
    case 'wait.began':
      return { kind: 'waits', message: event.message };
    case 'run.failed':
      return { kind: 'ended', message: event.error.userMessage };
    case 'run.cancelled':
      return { kind: 'ended', message: '' };
    default:
      return null;
  }
}
