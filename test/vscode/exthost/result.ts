import { type InnerEvent, type InnerTest, titleOf } from './events.ts';

export interface ExtensionHostResult {
  passed: number;
  failed: number;
  skipped: number;
  tests: InnerTest[];
  /** Why the suite did not run to its end; null when it did. */
  broken: string | null;
  /** What VS Code and the extension host logged, the last lines. */
  log: string[];
}

/** `broken` is why the run was ended early, or null; `log` holds the lines of VS Code. */
export function summarize(events: InnerEvent[], broken: string | null, log: string[]): ExtensionHostResult {
  const tests = events.filter((event) => event.kind !== 'started' && event.kind !== 'ended');
  const count = (kind: InnerTest['kind']) => tests.filter((test) => test.kind === kind).length;
  const last = events.at(-1);
  const isComplete = last?.kind === 'ended';
  const reasons = [
    broken ?? (isComplete ? null : 'the extension host ended before the suite'),
    last?.kind === 'started' ? `while "${titleOf(last)}" ran` : null,
  ].filter((reason) => reason !== null);
  const errors = log.filter((line) => line.startsWith('error')).slice(-10);
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    tests,
    broken: isComplete && broken === null ? null : [reasons.join(' '), ...errors].join('\n'),
    log,
  };
}
