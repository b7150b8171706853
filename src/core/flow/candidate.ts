import type { ChangedFile, Evidence } from '../../protocol/work.ts';

/** What git makes of the integration and a subtask's commit by itself. */
export interface Candidate {
  /** On the head of the integration; with conflict markers where git stopped. */
  commit: string;
  conflicts: string[];
  /** The conflicts with git's word for each, for the agent. */
  descriptions: string[];
}

/** A candidate, and what the host saw of exactly its tree. */
export interface CheckedCandidate extends Candidate {
  /** Empty when it has conflicts. */
  evidence: Evidence[];
}

/** The same, tried out before it was asked for. */
export interface RehearsedCandidate extends CheckedCandidate {
  /** What differs from the head that it is on. */
  files: ChangedFile[];
}

export function isClean({ conflicts, evidence }: CheckedCandidate): boolean {
  return conflicts.length === 0 && evidence.every(({ outcome }) => outcome === 'passed');
}
