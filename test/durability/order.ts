import type { Stage } from '../../src/protocol/events.ts';
import type { DiskWatch } from './disk-watch.ts';

/** What a worker is told. */
export interface Order {
  /** Path of a brief; read when there is no run yet. */
  brief: string;
  /** Default true. */
  autoApprove?: boolean;
  /** Default `deploy`. */
  until?: Stage;
  /** Accepts whatever gate the run waits at, until it waits at none. */
  approve?: boolean;
  /** Cancels the run instead of carrying it on. */
  cancel?: boolean;
  /** Undoes the run that is there: starts the rollback, or carries on the one that is there. */
  rollback?: boolean;
  /** File that names the places where a worker has killed itself; given, it does so at the next one of `effects`. */
  dieFile?: string;
  /** Default `EFFECTS`. */
  effects?: Effects;
  /** Notes what has reached the disk, for a power cut. */
  watch?: DiskWatch;
  /** Says `rested` when no step is open that was cut too often; nobody else may read beside a worker that is watched. */
  rest?: boolean;
}

/** Names of methods, by port. */
export interface Effects {
  repository: readonly string[];
  forge: readonly string[];
  deployer: readonly string[];
}

/** Effects of a build outside the state folder. */
export const EFFECTS: Effects = {
  repository: ['land', 'push', 'fetch'],
  forge: ['ensureRepository', 'ensurePullRequest', 'merge'],
  deployer: ['place', 'applyDatabase', 'deployFunction', 'deploySite'],
};
export const MOMENTS = ['before', 'inside', 'after'] as const;
