import type { ErrorCode } from '../protocol/errors.ts';
import type { RunView } from '../protocol/view.ts';

export const EXIT = {
  complete: 0,
  failed: 1,
  /** Wrong use of the command line, a bad configuration, a bad brief. */
  usage: 2,
  /** The run waits for a person. */
  waiting: 3,
  budget: 4,
  cancelled: 130,
} as const;

const USAGE_CODES: ReadonlySet<ErrorCode> = new Set(['usage', 'configuration', 'brief_invalid', 'not_found']);

export function exitCodeOfError(code: ErrorCode): number {
  if (code === 'budget_exceeded') return EXIT.budget;
  if (code === 'aborted') return EXIT.cancelled;
  return USAGE_CODES.has(code) ? EXIT.usage : EXIT.failed;
}

/** Of a run that has settled. One still `running` counts as waiting: somebody has to continue it. */
export function exitCodeOfRun(view: RunView): number {
  switch (view.status) {
    case 'complete':
      return EXIT.complete;
    case 'cancelled':
      return EXIT.cancelled;
    case 'failed':
      return view.error === null ? EXIT.failed : exitCodeOfError(view.error.code);
    case 'waiting':
    case 'running':
      return view.waiting.some((entry) => entry.code === 'budget_exceeded') ? EXIT.budget : EXIT.waiting;
  }
}
