import * as z from 'zod';
import type { FileContent } from '../../protocol/intents.ts';
import { sameLines } from './hunks.ts';

/**
 * What a person has decided about one proposal of a run, beside the proposal itself. Kept per window and on disk, so that a
 * reload loses nothing.
 */
const Comment = z.strictObject({ id: z.string(), body: z.string(), at: z.string() });

export const Thread = z.strictObject({
  id: z.string(),
  path: z.string(),
  /** The commit whose text it is written on; null on the reviewed side. */
  commit: z.string().nullable(),
  /** Null: about the run's whole diff. */
  subtaskId: z.string().nullable(),
  /** Lines count from 0; both included. */
  startLine: z.int().min(0),
  endLine: z.int().min(0),
  /** The text of the last line when the comment was written. */
  quoted: z.string(),
  comments: z.array(Comment),
  /** Which revision it was sent with; null while it waits to be sent. */
  sentWith: z.int().nullable(),
});
export type Thread = z.infer<typeof Thread>;

export const ReviewState = z.strictObject({
  v: z.literal(1),
  runId: z.string(),
  baseCommit: z.string(),
  commit: z.string(),
  /** Contents that are not as proposed, by path; null: the file shall not be there. */
  kept: z.record(z.string(), z.string().nullable()),
  /** Files that shall be as in the base as a whole: bytes, mode and, of a renamed one, the name. */
  putBack: z.array(z.string()).default([]),
  /** Marks of the hunks that the person has accepted, by path. */
  accepted: z.record(z.string(), z.array(z.string())),
  /** Files that were accepted as a whole and have no hunks to mark. */
  acceptedFiles: z.array(z.string()),
  /** The last two proposals that were looked at, the newer last. */
  looks: z.array(z.string()).max(2),
  threads: z.array(Thread),
  revisions: z.int(),
});
export type ReviewState = z.infer<typeof ReviewState>;

export interface Proposal {
  baseCommit: string;
  commit: string;
}

/** How a file is in the base and in the proposal; null where it is not there. */
export interface Origin {
  base: string | null;
  proposed: string | null;
  /** Its name in the base, when that is another one; else null. */
  oldPath: string | null;
}

export function newReview(runId: string, { baseCommit, commit }: Proposal): ReviewState {
  return {
    v: 1,
    runId,
    baseCommit,
    commit,
    kept: {},
    putBack: [],
    accepted: {},
    acceptedFiles: [],
    looks: [],
    threads: [],
    revisions: 0,
  };
}

export function keptOf(state: ReviewState, path: string, origin: Origin): string | null {
  if (state.putBack.includes(path)) return origin.base;
  const kept = state.kept[path];
  return kept === undefined ? origin.proposed : kept;
}

/** True for a file of which nothing that is proposed shall remain. */
function isPutBack(state: ReviewState, path: string, origin: Origin): boolean {
  if (state.putBack.includes(path)) return true;
  // Of a renamed file the new name would remain, of one with another mode the mode.
  return state.kept[path] !== undefined && state.kept[path] === origin.base && origin.oldPath === null;
}

/** The state with a file as the editor has saved it. Text that says the same as a side is that side, to the byte. */
export function withSaved(state: ReviewState, path: string, origin: Origin, text: string): ReviewState {
  const isSide = (side: string | null) => (side === null ? text === '' : sameLines(side, text));
  if (state.putBack.includes(path) && isSide(origin.base)) return state;
  if (isSide(origin.proposed)) return withKept(state, path, undefined);
  if (isSide(origin.base)) return withKept(state, path, origin.base);
  return withKept(state, path, text);
}

/** `undefined`: as proposed. */
export function withKept(state: ReviewState, path: string, content: string | null | undefined): ReviewState {
  const { [path]: _, ...others } = state.kept;
  const acceptedFiles = without(state.acceptedFiles, path);
  const putBack = without(state.putBack, path);
  return { ...state, acceptedFiles, putBack, kept: content === undefined ? others : { ...others, [path]: content } };
}

export function withPutBack(state: ReviewState, path: string): ReviewState {
  const { putBack, ...others } = withKept(state, path, undefined);
  return { ...others, putBack: [...putBack, path] };
}

function without(paths: readonly string[], path: string): string[] {
  return paths.filter((each) => each !== path);
}

export function withAccepted(state: ReviewState, path: string, marks: readonly string[]): ReviewState {
  return { ...state, accepted: { ...state.accepted, [path]: [...new Set(marks)] } };
}

export function withAcceptedFile(state: ReviewState, path: string): ReviewState {
  return { ...state, acceptedFiles: [...new Set([...state.acceptedFiles, path])] };
}

/** Remembers that a proposal has been looked at. */
export function withLook(state: ReviewState, commit: string): ReviewState {
  if (state.looks.at(-1) === commit) return state;
  return { ...state, looks: [...state.looks, commit].slice(-2) };
}

/** The commit that was looked at before the present proposal; null when nothing has changed since. */
export function lookBefore(state: ReviewState): string | null {
  return state.looks.findLast((commit) => commit !== state.commit) ?? null;
}

/** What of the proposal shall be otherwise; empty when it is accepted as it is. */
export function trimmedFiles(state: ReviewState, origins: ReadonlyMap<string, Origin>): FileContent[] {
  const files: FileContent[] = [];
  for (const [path, origin] of origins) {
    const content = state.kept[path];
    if (isPutBack(state, path, origin)) {
      files.push({ path, asIn: 'base' });
      if (origin.oldPath !== null) files.push({ path: origin.oldPath, asIn: 'base' });
    } else if (content !== undefined && content !== origin.proposed) files.push({ path, content });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** How many files of the proposal are not accepted as they are. */
export function trimmedCount(state: ReviewState, origins: ReadonlyMap<string, Origin>): number {
  return [...origins].filter((entry) => trimmedFiles(state, new Map([entry])).length > 0).length;
}

/** True when every file of the proposal is kept as it is in the base. */
export function keepsNothing(state: ReviewState, origins: ReadonlyMap<string, Origin>): boolean {
  return [...origins].every(([path, origin]) => isPutBack(state, path, origin));
}

export interface CarriedOver {
  state: ReviewState;
  /** Files whose choices were dropped because the new proposal changed them. */
  dropped: string[];
}

/**
 * The review on a new proposal. `changed` holds the paths that differ between the two proposals, `listed` those that the new
 * one changes.
 */
export function carryOver(
  state: ReviewState,
  proposal: Proposal,
  changed: ReadonlyMap<string, Origin>,
  listed: ReadonlySet<string>,
): CarriedOver {
  const sameBase = state.baseCommit === proposal.baseCommit;
  const stays = (path: string) => sameBase && !changed.has(path);
  // A proposal that was trimmed has taken the choice in.
  const dropped = [
    ...Object.keys(state.kept).filter((path) => !stays(path) && changed.get(path)?.proposed !== state.kept[path]),
    ...state.putBack.filter((path) => !stays(path) && listed.has(path)),
  ];
  const filter = <T>(of: Record<string, T>) => Object.fromEntries(Object.entries(of).filter(([path]) => stays(path)));
  return {
    state: {
      ...state,
      ...proposal,
      kept: filter(state.kept),
      putBack: state.putBack.filter(stays),
      accepted: filter(state.accepted),
      acceptedFiles: state.acceptedFiles.filter(stays),
    },
    dropped: dropped.sort(),
  };
}
