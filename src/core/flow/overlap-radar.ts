import type { MergeConflict } from '../ports.ts';
import { type Hunk, lineHunks } from './hunks.ts';

export interface Overlap {
  subtaskIds: [string, string];
  kind: 'conflict' | 'same_file';
  paths: string[];
}

/** What a branch is at this moment. */
export interface Branch {
  commit: string;
  /** The head of the integration that it began at. */
  baseCommit: string;
  /** Paths changed since `baseCommit`; a rename counts with its old and its new one. */
  paths: ReadonlySet<string>;
  /** True when files were renamed or deleted: then another branch's new file may be drawn along. */
  hasMoves: boolean;
}

/** What the radar asks of the repository. */
export interface RadarRepository {
  merge(ours: string, theirs: string): Promise<MergeConflict[]>;
  /** Text of a file, or null when it is absent. */
  read(commit: string, path: string): Promise<string | null>;
}

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

/** Longest part of somebody else's change in a note, in characters, and files that a note shows. */
const EXCERPT_CHARS = 600;
const EXCERPT_FILES = 3;

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

/** The same overlap always has the same key, whoever saw it first. */
export function overlapKey(overlap: Overlap): string {
  return `overlap:${overlap.subtaskIds.join('+')}:${overlap.kind}:${overlap.paths.join(',')}`;
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
  return common.length === 0 ? null : overlapOf(ownId, otherId, 'same_file', common);
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

async function noteText(
  otherId: string,
  overlap: Overlap,
  other: Branch,
  own: Branch,
  isIntegrated: boolean,
  repository: RadarRepository,
): Promise<string> {
  const who = isIntegrated ? `Subtask "${otherId}", integrated already,` : `Another agent (subtask "${otherId}")`;
  const what = overlap.kind === 'conflict' ? 'the same lines of' : 'other lines of';
  const text = `${who} has changed ${what} ${overlap.paths.join(', ')}. Keep your change there small; both will be merged.`;
  const excerpts: string[] = [];
  let left = EXCERPT_CHARS;
  for (const path of overlap.paths.slice(0, EXCERPT_FILES)) {
    const excerpt = (await changeOf(path, other, own, repository)).slice(0, left);
    if (excerpt === '') continue;
    left -= excerpt.length;
    excerpts.push(`Its change of ${path}:\n${excerpt}`);
  }
  return [text, ...excerpts].join('\n');
}

/** The other branch's hunks in a file, those nearest to the own change first. */
async function changeOf(path: string, other: Branch, own: Branch, repository: RadarRepository): Promise<string> {
  const hunksOf = async (branch: Branch): Promise<Hunk[]> => {
    const before = await repository.read(branch.baseCommit, path);
    const after = await repository.read(branch.commit, path);
    if (after === null && before !== null)
      return [{ line: 1, removed: ['(the file is deleted or renamed)'], added: [] }];
    return lineHunks(before ?? '', after ?? '');
  };
  const ownLines = (await hunksOf(own)).map((hunk) => hunk.line);
  const distance = (hunk: Hunk) => Math.min(...ownLines.map((line) => Math.abs(line - hunk.line)), Number.MAX_VALUE);
  const hunks = (await hunksOf(other)).sort((a, b) => distance(a) - distance(b));
  return hunks
    .map(({ line, removed, added }) =>
      [`line ${line}:`, ...removed.map((text) => `-${text}`), ...added.map((text) => `+${text}`)].join('\n'),
    )
    .join('\n');
}
