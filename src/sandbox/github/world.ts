import type { Clock, Log } from '../../core/ports.ts';
import type { Accounts } from './accounts.ts';
import type { CheckQueue } from './checks.ts';
import type { Git } from './git.ts';
import type { Store } from './state.ts';
import type { Repo } from './state-schema.ts';

/** What the routes of the stand-in work with. */
export interface World {
  /** `http://127.0.0.1:port`, where pages and git are. */
  webUrl: string;
  /** `webUrl + /api/v3` */
  apiUrl: string;
  store: Store;
  accounts: Accounts;
  git: Git;
  checks: CheckQueue;
  mergeability: { isKnown(): boolean };
  clock: Clock;
  /** Goes on with merges that wait: automatic ones and the merge queue. */
  settle(repo: Repo): Promise<void>;
  log: Log;
  /** Runs one change of a repository after the other. */
  serially<T>(repo: Repo, change: () => Promise<T>): Promise<T>;
}

export function createSerializer(): World['serially'] {
  const tails = new Map<number, Promise<unknown>>();
  return (repo, change) => {
    const before = tails.get(repo.id) ?? Promise.resolve();
    const run = before.then(change, change);
    const tail = run.catch(() => {});
    tails.set(repo.id, tail);
    return run;
  };
}

/** GitHub may not know yet whether a pull request merges. Here it always does, except for as many looks as a test asks for. */
export function createMergeability(): World['mergeability'] & { hide(looks: number): void } {
  let hidden = 0;
  return {
    isKnown() {
      if (hidden === 0) return true;
      hidden -= 1;
      return false;
    },
    hide(looks) {
      hidden = looks;
    },
  };
}
