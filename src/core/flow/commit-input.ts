import type { Plan } from '../../protocol/plan.ts';
import type { ChangedFile, Evidence } from '../../protocol/work.ts';
import type { RepositoryState } from '../ports.ts';

/** What was accepted, and where it is. */
export interface CommitInput {
  state: RepositoryState;
  plan: Plan;
  /** The accepted commit and its branch. */
  commit: string;
  branch: string;
  files: ChangedFile[];
  evidence: Evidence[];
}
