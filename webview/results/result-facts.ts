import type { Estimate } from '../../src/protocol/plan.ts';
import type { RunView, SubtaskView, Waiting } from '../../src/protocol/view.ts';
import type { ChangedFile, Evidence } from '../../src/protocol/work.ts';

/** What the results page works out of a view. Pure. */

export interface Folder {
  /** '' for the top. */
  path: string;
  files: ChangedFile[];
}

/** Changed files by folder, folders in the order of their first files: what matters first. */
export function byFolder(files: readonly ChangedFile[]): Folder[] {
  const folders = Map.groupBy(files, ({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/'))));
  return [...folders].map(([path, of]) => ({ path, files: of }));
}

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export interface LineCounts {
  added: number;
  removed: number;
}

export function lineCounts(files: readonly ChangedFile[]): LineCounts {
  return files.reduce(
    (sum, file) => ({ added: sum.added + file.addedLines, removed: sum.removed + file.removedLines }),
    { added: 0, removed: 0 },
  );
}

export interface Compared {
  what: 'tokens' | 'cost' | 'time';
  low: number | null;
  high: number | null;
  /** Null when it is not known. */
  actual: number | null;
  verdict: 'below' | 'within' | 'above' | 'unknown';
}

function compare(what: Compared['what'], range: { low: number; high: number } | null, actual: number | null): Compared {
  if (range === null || actual === null)
    return { what, low: range?.low ?? null, high: range?.high ?? null, actual, verdict: 'unknown' };
  const verdict = actual < range.low ? 'below' : actual > range.high ? 'above' : 'within';
  return { what, low: range.low, high: range.high, actual, verdict };
}

/** The estimate of the plan against what it took. A sum with calls of unknown price is compared with nothing. */
export function estimateAgainstActual(
  view: { estimate: Estimate | null; cost: RunView['cost'] },
  tookMs: number | null,
): Compared[] {
  const { estimate, cost } = view;
  return [
    compare('tokens', estimate?.tokens ?? null, cost.inputTokens + cost.outputTokens),
    compare('cost', estimate?.costUsd ?? null, cost.unpricedCalls > 0 ? null : cost.usd),
    compare('time', estimate?.wallMs ?? null, tookMs),
  ];
}

export interface EvidenceGroup {
  /** Null: the merged work. */
  subtaskId: string | null;
  title: string;
  evidence: readonly Evidence[];
}

/** The last checks of the merged work, then of each subtask; groups without any are left out. */
export function evidenceGroups(
  merged: readonly Evidence[],
  subtasks: readonly SubtaskView[],
  mergedTitle: string,
): EvidenceGroup[] {
  return [
    { subtaskId: null, title: mergedTitle, evidence: merged },
    ...subtasks.map(({ id, title, evidence }) => ({ subtaskId: id, title, evidence })),
  ].filter(({ evidence }) => evidence.length > 0);
}

export const failedCount = (evidence: readonly Evidence[]): number =>
  evidence.filter(({ outcome }) => outcome !== 'passed').length;

/** What Node's test runner counted, from the end of its output; null for other runners. */
export function testCounts(output: string): { passed: number; failed: number } | null {
  const last = (name: string) => [...output.matchAll(new RegExp(`^(?:ℹ|#) ${name} (\\d+)$`, 'gm'))].at(-1)?.[1];
  const passed = last('pass');
  const failed = last('fail');
  return passed === undefined || failed === undefined ? null : { passed: Number(passed), failed: Number(failed) };
}

export const isTestRun = ({ command }: Evidence): boolean =>
  /\btest|vitest|jest|mocha|pytest|playwright\b/.test(command);

/** The wait for a decision about the diff, if there is one. */
export const diffWait = (waiting: readonly Waiting[]): Waiting | null =>
  waiting.find(({ gate }) => gate === 'diff') ?? null;

// Colour sequences and other control characters of terminals; tabs stay.
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for
const CONTROL = /\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** The lines of a command's output, at most the last `limit`. */
export function outputLines(output: string, limit: number): { lines: string[]; left: number } {
  const all = output.replace(CONTROL, '').replace(/\n+$/, '').split('\n');
  return { lines: all.slice(-limit), left: Math.max(0, all.length - limit) };
}
