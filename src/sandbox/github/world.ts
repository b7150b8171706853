import type { Clock, Log } from '../../core/ports.ts';
import type { CheckQueue } from './checks.ts';
import type { Git } from './git.ts';
import type { Repo, Store } from './state.ts';

/** What the routes of the stand-in work with. */
export interface World {
  /** `http://127.0.0.1:port`, where pages and git are. */
  webUrl: string;
  /** `webUrl + /api/v3` */
  apiUrl: string;
  store: Store;
  git: Git;
  checks: CheckQueue;
  clock: Clock;
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
