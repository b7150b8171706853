import type * as vscode from 'vscode';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import type { HostBase } from '../app.ts';
import type { Contents, FileText } from './contents.ts';
import { carryOver, keptOf, newReview, type Origin, type ReviewState, withSaved } from './review-state.ts';
import type { StateFiles } from './state-files.ts';

/** A file of the proposal with both of its sides. */
export interface ReviewedFile extends Origin {
  path: string;
  status: ChangedFile['status'];
  /** Why it is not shown; null for text. Its sides are then names for their contents, not the contents. */
  opaque: string | null;
}

/** One run's review in this window. */
export interface Session extends vscode.Disposable {
  readonly runId: string;
  readonly state: ReviewState;
  /** What waits to be decided; null when it is over, and the review is for looking only. */
  readonly wait: Waiting | null;
  /** When the content of a file last changed; an editor with unsaved changes must not be told of a change elsewhere. */
  changedAtMs(path: string): number;
  readonly files: readonly ChangedFile[];
  /** By its name in the proposal or, of a renamed one, in the base. Null when the path is not part of the proposal. */
  file(path: string): Promise<ReviewedFile | null>;
  all(): Promise<Map<string, ReviewedFile>>;
  kept(file: ReviewedFile): string | null;
  save(file: ReviewedFile, text: string): void;
  update(change: (state: ReviewState) => ReviewState): void;
  /** Takes in how the run is now. Resolves with the files whose choices were dropped. */
  sync(view: RunView): Promise<string[]>;
}

export interface SessionParts {
  app: Pick<HostBase, 'service'>;
  contents: Contents;
  files: StateFiles;
  /** `paths`: files whose content has changed. Called for every change of the state, with none for other ones. */
  onChange(session: Session, paths: readonly string[]): void;
}

function diffWait(view: RunView): Waiting | null {
  return view.waiting.find((waiting) => waiting.gate === 'diff') ?? null;
}

export async function openSession(parts: SessionParts, view: RunView): Promise<Session> {
  const { contents } = parts;
  const { runId } = view;
  const proposal = view.diff ?? { baseCommit: '', commit: '' };
  let state = (await parts.files.read(runId)) ?? newReview(runId, proposal);
  let files: readonly ChangedFile[] = [];
  let wait: Waiting | null = null;
  const openedAtMs = Date.now();
  const changedAt = new Map<string, number>();
  let isDisposed = false;

  const sides = async (base: string, commit: string, listed: Listed): Promise<ReviewedFile> => {
    const { path, status, oldPath = null } = listed;
    const [before, after] = await Promise.all([
      base === '' ? ABSENT : contents.read(runId, base, oldPath ?? path),
      contents.read(runId, commit, path),
    ]);
    return {
      path,
      status,
      oldPath,
      base: sideOf(before, 'base'),
      proposed: sideOf(after, 'proposed'),
      opaque: why(before, after),
    };
  };

  const file = async (path: string): Promise<ReviewedFile | null> => {
    const listed = files.find((each) => each.path === path || each.oldPath === path);
    return listed === undefined ? null : sides(state.baseCommit, state.commit, listed);
  };

  /** Moves to another proposal, with the choices that still hold. */
  const move = async (next: { baseCommit: string; commit: string; files: readonly ChangedFile[] }) => {
    const { baseCommit, commit } = next;
    const changed = new Map<string, Origin>();
    const listed = new Map(next.files.map((each) => [each.path, each]));
    if (state.commit !== '') {
      const between = await parts.app.service.call('changedFiles', { runId, from: state.commit, to: commit });
      for (const { path, status, oldPath } of between) {
        changed.set(path, await sides(baseCommit, commit, listed.get(path) ?? { path, status }));
        if (oldPath !== undefined) changed.set(oldPath, { base: null, proposed: null, oldPath: null });
      }
    }
    const carried = carryOver(state, { baseCommit, commit }, changed, new Set(listed.keys()));
    state = carried.state;
    return carried.dropped;
  };

  /** Runs of earlier versions do not say what the old name of a file was. */
  const withOldPaths = async (diff: NonNullable<RunView['diff']>): Promise<readonly ChangedFile[]> => {
    const isUnknown = diff.files.some(({ status, oldPath }) => status === 'renamed' && oldPath === undefined);
    if (!isUnknown) return diff.files;
    return parts.app.service.call('changedFiles', { runId, from: diff.baseCommit, to: diff.commit });
  };

  const ageOf = (path: string) => changedAt.get(path) ?? openedAtMs;
  const changed = (paths: readonly string[]) => {
    for (const path of paths) changedAt.set(path, Math.max(Date.now(), ageOf(path) + 1));
    parts.onChange(session, paths);
  };

  const session: Session = {
    runId,
    get state() {
      return state;
    },
    get wait() {
      return wait;
    },
    changedAtMs: ageOf,
    get files() {
      return files;
    },
    file,
    async all() {
      const found = await Promise.all(files.map(({ path }) => file(path)));
      return new Map(found.flatMap((each) => (each === null ? [] : [[each.path, each] as const])));
    },
    kept: (of) => keptOf(state, of.path, of),
    save: (of, text) => session.update((before) => withSaved(before, of.path, of, text)),
    update(change) {
      const before = state;
      state = change(before);
      if (state === before || isDisposed) return;
      void parts.files.write(state);
      changed(movedPaths(before, state));
    },
    async sync(now) {
      const before = { wait, commit: state.commit, count: files.length };
      let dropped: string[] = [];
      if (now.diff !== null) {
        if (now.diff.commit !== state.commit || now.diff.baseCommit !== state.baseCommit) {
          dropped = await move(now.diff);
          void parts.files.write(state);
        }
        files = await withOldPaths(now.diff);
      }
      wait = diffWait(now);
      const isSame =
        wait?.topic === before.wait?.topic && state.commit === before.commit && files.length === before.count;
      if (!isSame) changed(files.map(({ path }) => path));
      return dropped;
    },
    dispose() {
      isDisposed = true;
    },
  };
  await session.sync(view);
  return session;
}

type Listed = Pick<ChangedFile, 'path' | 'status' | 'oldPath'>;

const ABSENT: FileText = { kind: 'absent' };

/** A file that cannot be shown still has two different sides, unless it is absent on one. */
function sideOf(file: FileText, name: 'base' | 'proposed'): string | null {
  if (file.kind === 'absent') return null;
  return file.kind === 'text' ? file.text : `\0${name}`;
}

function why(before: FileText, after: FileText): string | null {
  if (after.kind === 'opaque') return after.why;
  return before.kind === 'opaque' ? before.why : null;
}

/** Paths whose content is not kept as it was. */
function movedPaths(before: ReviewState, after: ReviewState): string[] {
  const of = ({ kept, putBack }: ReviewState) => [...Object.keys(kept), ...putBack];
  const choice = ({ kept, putBack }: ReviewState, path: string) => (putBack.includes(path) ? PUT_BACK : kept[path]);
  return [...new Set([...of(before), ...of(after)])].filter((path) => choice(before, path) !== choice(after, path));
}

const PUT_BACK = Symbol('put back');
