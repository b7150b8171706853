import type { ChangedFile } from '../../protocol/work.ts';
import type { Repository } from '../ports.ts';
import { changesBetween, changesOf } from './changed-paths.ts';
import { type Branch, type Overlap, overlapKey } from './overlap.ts';
import type { Services } from './services.ts';

/** Shows the radar each commit of one agent. */
export interface OverlapWatch {
  /** Begins to compare the branch, after the comparisons before it. `files` differ between the two commits. */
  observe(commit: string, parent: string, files: ChangedFile[]): void;
  /** Resolves when the comparisons are over. Never rejects. */
  ended(): Promise<void>;
  /** The run has been taken from this process: what is found is said by nobody. */
  abandon(): void;
}

type Changed = Pick<Branch, 'paths' | 'hasMoves'>;

/** For an agent that is alone. */
export const unwatched: OverlapWatch = { observe: () => {}, ended: async () => {}, abandon: () => {} };

export function watchOverlaps(
  services: Pick<Services, 'events' | 'log' | 'radar'> & {
    repository: Pick<Repository, 'changedFiles' | 'merge' | 'readFile'>;
  },
  { runId, subtaskId, repoDir, baseCommit }: { runId: string; subtaskId: string; repoDir: string; baseCommit: string },
): OverlapWatch {
  const { repository, radar } = services;
  let isAbandoned = false;
  let comparing: Promise<void> = Promise.resolve();
  /** Of the newest commit; before the first one of this process nothing is known but where the branch began. */
  let known: { commit: string } & Changed = { commit: baseCommit, paths: new Set(), hasMoves: false };

  /** Added up commit by commit: git is asked once, after a restart. */
  const changedBy = async (commit: string, parent: string, files: ChangedFile[]): Promise<Changed> => {
    if (known.commit !== parent) return changesBetween(repository, repoDir, baseCommit, commit);
    const { paths, hasMoves } = changesOf(files);
    return { paths: new Set([...known.paths, ...paths]), hasMoves: known.hasMoves || hasMoves };
  };

  const compare = async (commit: string, parent: string, files: ChangedFile[]): Promise<Overlap[]> => {
    const { paths, hasMoves } = await changedBy(commit, parent, files);
    known = { commit, paths, hasMoves };
    return radar.observe(
      runId,
      subtaskId,
      { commit, baseCommit, paths, hasMoves },
      {
        merge: async (ours, theirs) => (await repository.merge(repoDir, ours, theirs)).conflicts,
        read: (at, path) => repository.readFile(repoDir, at, path),
      },
    );
  };

  const tell = async (commit: string, parent: string, files: ChangedFile[]): Promise<void> => {
    try {
      for (const overlap of await compare(commit, parent, files)) {
        if (isAbandoned) return;
        services.events.append(runId, { type: 'overlap.found', ...overlap }, overlapKey(overlap));
      }
    } catch (error) {
      // A warning that could not be computed must not stop the work; the merge itself decides later.
      services.log.warn('overlap check failed', { subtaskId, error: String(error) });
    }
  };

  return {
    observe(commit, parent, files) {
      comparing = comparing.then(() => tell(commit, parent, files));
    },
    ended: () => comparing,
    abandon() {
      isAbandoned = true;
    },
  };
}
