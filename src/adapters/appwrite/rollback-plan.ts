import type { DeploymentChange } from '../../protocol/work.ts';

/** One thing that undoes another. */
export interface Undo {
  change: DeploymentChange;
  /** In words, why it was left, when the server does not let it happen; null when it has happened. */
  run(): Promise<string | null>;
}

export interface RollbackPlan {
  undos: Undo[];
  /** What cannot be undone, in words. */
  irreversible: string[];
}
