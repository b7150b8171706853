import type { MergeConflict } from '../ports.ts';

export interface Overlap {
  subtaskIds: [string, string];
  kind: 'conflict' | 'same_file';
  paths: string[];
}

interface Branch {
  commit: string;
  /** Paths changed since the branch began. */
  paths: ReadonlySet<string>;
}

type MergeInMemory = (ours: string, theirs: string) => Promise<MergeConflict[]>;

/**
 * Sees, while agents work, where their branches would collide. Keeps only the newest commit of each live branch; pairs that
 * changed no common path are not merged at all, because a clean answer is certain enough for a warning (a collision by rename
 * alone is still caught by the merge itself).
 */
export class OverlapRadar {
  readonly #runs = new Map<string, Map<string, Branch>>();
  readonly #seen = new Map<string, Set<string>>();
  readonly #notes = new Map<string, string[]>();

  /** Records a branch's newest commit and returns overlaps that were not reported before. */
  async observe(
    runId: string,
    subtaskId: string,
    commit: string,
    paths: Iterable<string>,
    merge: MergeInMemory,
  ): Promise<Overlap[]> {
    const branches = this.#runs.get(runId) ?? new Map<string, Branch>();
    this.#runs.set(runId, branches);
    const own: Branch = { commit, paths: new Set([...(branches.get(subtaskId)?.paths ?? []), ...paths]) };
    branches.set(subtaskId, own);
    const found: Overlap[] = [];
    for (const [otherId, other] of branches) {
      if (otherId === subtaskId) continue;
      const common = [...own.paths].filter((path) => other.paths.has(path));
      if (common.length === 0) continue;
      const conflicts = [...new Set((await merge(other.commit, commit)).map((c) => c.path))].sort();
      const overlap: Overlap = {
        subtaskIds: [subtaskId, otherId].sort() as [string, string],
        kind: conflicts.length > 0 ? 'conflict' : 'same_file',
        paths: conflicts.length > 0 ? conflicts : common.sort(),
      };
      if (!this.#isNew(runId, overlap)) continue;
      found.push(overlap);
      this.#note(runId, subtaskId, otherId, overlap);
      this.#note(runId, otherId, subtaskId, overlap);
    }
    return found;
  }

  /** What the agent of this subtask should hear about others; each note is handed out once. */
  takeNotes(runId: string, subtaskId: string): string[] {
    const key = `${runId}\n${subtaskId}`;
    const notes = this.#notes.get(key) ?? [];
    this.#notes.delete(key);
    return notes;
  }

  /** The branch is integrated or given up: no longer compared. */
  forget(runId: string, subtaskId: string): void {
    this.#runs.get(runId)?.delete(subtaskId);
    this.#notes.delete(`${runId}\n${subtaskId}`);
    if (this.#runs.get(runId)?.size === 0) this.#runs.delete(runId);
  }

  forgetRun(runId: string): void {
    this.#runs.delete(runId);
    this.#seen.delete(runId);
    for (const key of this.#notes.keys()) if (key.startsWith(`${runId}\n`)) this.#notes.delete(key);
  }

  #isNew(runId: string, overlap: Overlap): boolean {
    const seen = this.#seen.get(runId) ?? new Set<string>();
    this.#seen.set(runId, seen);
    const key = overlapKey(overlap);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  }

  #note(runId: string, subtaskId: string, otherId: string, overlap: Overlap): void {
    const key = `${runId}\n${subtaskId}`;
    const what = overlap.kind === 'conflict' ? 'the same lines of' : 'other lines of';
    const text = `Another agent (subtask "${otherId}") has changed ${what} ${overlap.paths.join(', ')}. Keep your change there small; both will be merged.`;
    this.#notes.set(key, [...(this.#notes.get(key) ?? []), text]);
  }
}

/** The same overlap always has the same key, whoever saw it first. */
export function overlapKey(overlap: Overlap): string {
  return `overlap:${overlap.subtaskIds.join('+')}:${overlap.kind}:${overlap.paths.join(',')}`;
}
