import { type Branch, type Overlap, overlapKey, type RadarRepository } from './overlap.ts';
import { noteText } from './overlap-notes.ts';

type Settled = Branch & { subtaskId: string };

interface RunState {
  live: Map<string, Branch>;
  /** What was integrated, in order; the newest commit holds all of it. */
  settled: Settled[];
  /** Keys of the overlaps that were reported. */
  seen: Set<string>;
  notes: Map<string, string[]>;
  /** Conflicts between branches as of their newest commits, by pair, until both are integrated or one is given up. */
  collisions: Map<string, Overlap>;
  /** Comparisons under way. */
  comparing: Set<Promise<unknown>>;
}

/**
 * Sees, while agents work, where their branches would collide: with each other and with what was integrated since they began.
 * Keeps only the newest commit of each; lives in memory, so after a restart a branch is known again with its next commit.
 *
 * Two branches are merged unless a clean answer is certain: no common path, no file of one where the other has a folder, and
 * neither renamed or deleted anything.
 */
export class OverlapRadar {
  readonly #runs = new Map<string, RunState>();

  /** Records a branch's newest commit and returns overlaps that were not reported before. */
  async observe(runId: string, subtaskId: string, own: Branch, repository: RadarRepository): Promise<Overlap[]> {
    const { comparing } = this.#run(runId);
    const found = this.#observe(runId, subtaskId, own, repository);
    comparing.add(found);
    const forget = () => comparing.delete(found);
    found.then(forget, forget);
    return found;
  }

  /** Resolves when the branches that are being compared at this moment have been. */
  async compared(runId: string): Promise<void> {
    await Promise.allSettled(this.#runs.get(runId)?.comparing ?? []);
  }

  async #observe(runId: string, subtaskId: string, own: Branch, repository: RadarRepository): Promise<Overlap[]> {
    const run = this.#run(runId);
    run.live.set(subtaskId, own);
    const found: Overlap[] = [];
    for (const [otherId, other] of [...run.live]) {
      if (otherId === subtaskId) continue;
      const overlap = await compare([subtaskId, own], [otherId, other], repository);
      const pair = [subtaskId, otherId].sort().join('+');
      const isLive = run.live.has(otherId) && run.live.has(subtaskId);
      if (overlap?.kind === 'conflict' && isLive) run.collisions.set(pair, overlap);
      else run.collisions.delete(pair);
      if (overlap === null || !isNew(run, overlap)) continue;
      found.push(overlap);
      addNote(run, subtaskId, await noteText(otherId, overlap, other, own, false, repository));
      addNote(run, otherId, await noteText(subtaskId, overlap, own, other, false, repository));
    }
    return [...found, ...(await this.#observeSettled(run, subtaskId, own, repository))];
  }

  /** The integration head counts as one more branch, as far as it grew since this one began. */
  async #observeSettled(
    run: RunState,
    subtaskId: string,
    own: Branch,
    repository: RadarRepository,
  ): Promise<Overlap[]> {
    const begun = run.settled.findIndex((settled) => settled.commit === own.baseCommit);
    const since = run.settled.slice(begun + 1).filter((settled) => settled.subtaskId !== subtaskId);
    const head = since.at(-1);
    const first = since[0];
    if (head === undefined || first === undefined) return [];
    const together: Branch = {
      commit: head.commit,
      baseCommit: first.baseCommit,
      paths: new Set(since.flatMap((settled) => [...settled.paths])),
      hasMoves: since.some((settled) => settled.hasMoves),
    };
    const overlap = await compare([subtaskId, own], [head.subtaskId, together], repository);
    if (overlap === null) return [];
    const found: Overlap[] = [];
    for (const [otherId, paths] of byOrigin(overlap.paths, since, head)) {
      const part = overlapOf(subtaskId, otherId, overlap.kind, paths);
      if (!isNew(run, part)) continue;
      found.push(part);
      addNote(run, subtaskId, await noteText(otherId, part, together, own, true, repository));
    }
    return found;
  }

  /** What the agent of this subtask should hear about others; each note is handed out once. */
  takeNotes(runId: string, subtaskId: string): string[] {
    const run = this.#runs.get(runId);
    const notes = run?.notes.get(subtaskId) ?? [];
    run?.notes.delete(subtaskId);
    return notes;
  }

  /** Conflicts of branches of which one at least is not integrated yet, as of their newest commits. */
  collisions(runId: string): Overlap[] {
    return [...(this.#runs.get(runId)?.collisions.values() ?? [])];
  }

  /** The branch is part of the integration, whose head is `integration.commit` now. Repeating it changes nothing. */
  settle(runId: string, subtaskId: string, integration: Branch): void {
    const run = this.#run(runId);
    run.live.delete(subtaskId);
    run.notes.delete(subtaskId);
    for (const [pair, overlap] of run.collisions) {
      if (!overlap.subtaskIds.some((id) => run.live.has(id))) run.collisions.delete(pair);
    }
    if (run.settled.some((settled) => settled.commit === integration.commit)) return;
    run.settled.push({ ...integration, subtaskId });
  }

  /** The branch was given up: no longer compared. */
  forget(runId: string, subtaskId: string): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.live.delete(subtaskId);
    run.notes.delete(subtaskId);
    for (const [pair, overlap] of run.collisions) {
      if (overlap.subtaskIds.includes(subtaskId)) run.collisions.delete(pair);
    }
  }

  forgetRun(runId: string): void {
    this.#runs.delete(runId);
  }

  #run(runId: string): RunState {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const run: RunState = {
      live: new Map(),
      settled: [],
      seen: new Set(),
      notes: new Map(),
      collisions: new Map(),
      comparing: new Set(),
    };
    this.#runs.set(runId, run);
    return run;
  }
}

function overlapOf(one: string, other: string, kind: Overlap['kind'], paths: Iterable<string>): Overlap {
  const subtaskIds: [string, string] = one < other ? [one, other] : [other, one];
  return { subtaskIds, kind, paths: [...new Set(paths)].sort() };
}

function isNew(run: RunState, overlap: Overlap): boolean {
  const key = overlapKey(overlap);
  if (run.seen.has(key)) return false;
  run.seen.add(key);
  return true;
}

function addNote(run: RunState, subtaskId: string, text: string): void {
  run.notes.set(subtaskId, [...(run.notes.get(subtaskId) ?? []), text]);
}

async function compare(
  [ownId, own]: [string, Branch],
  [otherId, other]: [string, Branch],
  repository: RadarRepository,
): Promise<Overlap | null> {
  const common = [...own.paths].filter((path) => other.paths.has(path));
  if (common.length === 0 && !own.hasMoves && !other.hasMoves && !hasNested(own.paths, other.paths)) return null;
  const conflicts = await repository.merge(other.commit, own.commit);
  if (conflicts.length > 0) {
    return overlapOf(
      ownId,
      otherId,
      'conflict',
      conflicts.map((conflict) => conflict.path),
    );
  }
  const shared: string[] = [];
  for (const path of common) {
    if ((await differs(path, own, repository)) && (await differs(path, other, repository))) shared.push(path);
  }
  return shared.length === 0 ? null : overlapOf(ownId, otherId, 'same_file', shared);
}

async function differs(path: string, branch: Branch, repository: RadarRepository): Promise<boolean> {
  return (await repository.read(branch.baseCommit, path)) !== (await repository.read(branch.commit, path));
}

/** True when one side has a file where the other has a folder. */
function hasNested(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const isFolderIn = (folders: ReadonlySet<string>, paths: ReadonlySet<string>) => {
    for (const path of paths) {
      for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
        if (folders.has(path.slice(0, end))) return true;
      }
    }
    return false;
  };
  return isFolderIn(a, b) || isFolderIn(b, a);
}

/** Whose integrated work each path is: the newest that changed it. */
function byOrigin(paths: readonly string[], since: readonly Settled[], head: Settled): Map<string, string[]> {
  const origins = new Map<string, string[]>();
  for (const path of paths) {
    const { subtaskId } = since.findLast((settled) => settled.paths.has(path)) ?? head;
    origins.set(subtaskId, [...(origins.get(subtaskId) ?? []), path]);
  }
  return origins;
}
