import type { Deployment, PullRequest } from '../../protocol/work.ts';
import type { BuildInput } from './policy.ts';

export interface RollbackInput extends BuildInput {
  /** The run whose deployment is undone. */
  undoes: string;
  /** In the order in which they were made. */
  deployments: Deployment[];
  /** `<kind> <id>` of those that other runs have deployed to since -> the last such run; absent in inputs of before it was kept. */
  overtaken?: Record<string, string>;
  /** What the run merged, and where; null when it merged nothing. */
  merged: { commit: string; before: string | null; remoteUrl: string } | null;
  /** The revert that an earlier rollback of the same run proposed; left out in runs that began before it was looked for. */
  proposed?: PullRequest | null;
}
