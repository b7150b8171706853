import { firstPortOf, portEnv, rehearsalName, worktreeOf } from './desk.ts';
import { checkMerged, type MergeInput, mergeInMemory } from './merge-candidate.ts';
import type { Rehearsal } from './rehearsals.ts';
import type { Services } from './services.ts';

/** The integration of a subtask, merged and checked as it would be if the lead approved of it, in a worktree of its own. */
export function rehearsalOf(services: Services, rootRunId: string, input: Omit<MergeInput, 'baseCommit'>): Rehearsal {
  const { repository, files } = services;
  const name = rehearsalName(input.workName);
  const dir = worktreeOf(services, rootRunId, name);
  const place = {
    dir,
    outputDir: files.join(services.runDir(rootRunId), 'output', name),
    env: portEnv(firstPortOf(rootRunId, -1)),
  };
  return {
    subtaskId: input.subtask.id,
    commit: input.commit,
    async rehearse(baseCommit, signal) {
      const merge = { ...input, baseCommit };
      const key = `${name}-${input.commit.slice(0, 12)}-on-${baseCommit.slice(0, 12)}`;
      const candidate = await mergeInMemory(services, rootRunId, merge, `${rootRunId}:${key}`);
      if (candidate.conflicts.length > 0) return { ...candidate, evidence: [], files: [] };
      const files = await repository.changedFiles(input.repoDir, baseCommit, candidate.commit);
      signal.throwIfAborted();
      // What a killed process has left there could make checks pass.
      await repository.removeWorktree(input.repoDir, dir);
      try {
        const evidence = await checkMerged(services, { key, attempt: 1, signal }, merge, candidate.commit, place);
        return { ...candidate, evidence, files };
      } finally {
        repository.discardWorktree(input.repoDir, dir);
      }
    },
  };
}
