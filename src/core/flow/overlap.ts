import type { MergeConflict } from '../ports.ts';

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
  /** Paths that were changed since `baseCommit`, also those that are as before again; a rename counts with both its paths. */
  paths: ReadonlySet<string>;
  /** True when files were ever renamed or deleted: then another branch's new file may be drawn along. */
  hasMoves: boolean;
}

/** What the radar asks of the repository. */
export interface RadarRepository {
  merge(ours: string, theirs: string): Promise<MergeConflict[]>;
  /** Text of a file, or null when it is absent. */
  read(commit: string, path: string): Promise<string | null>;
}

/** The same overlap always has the same key, whoever saw it first. */
export function overlapKey(overlap: Overlap): string {
  return `overlap:${overlap.subtaskIds.join('+')}:${overlap.kind}:${overlap.paths.join(',')}`;
}
