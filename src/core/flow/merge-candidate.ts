import type { Evidence } from '../../protocol/work.ts';
import type { CommitMessage } from '../ports.ts';
import type { Candidate } from './candidate.ts';
import type { WorkInput } from './desk.ts';
import type { CheckPlace, CheckTry } from './evidence.ts';
import { isRevision } from './refs.ts';
import type { Services } from './services.ts';
import { checkCommit, distinctChecks } from './tree-checks.ts';

/** A subtask's commit that is to become part of the integration. */
export interface MergeInput extends WorkInput {
  /** The approved commit of the subtask; `baseCommit` is the head of the integration. */
  commit: string;
  /** The subtask's own checks passed before: they have to pass again on what is committed. */
  proven: boolean;
}

/** `key`: of the step that asks for it, or of the rehearsal. */
export function integrationMessage(
  services: Services,
  rootRunId: string,
  { subtask }: WorkInput,
  key: string,
): CommitMessage {
  const criteria = subtask.acceptanceCriteria.map((criterion) => `- ${criterion.text}`).join('\n');
  return {
    subject: `feat(${subtask.id}): ${subtask.title}`,
    // Logs and words from the forge, which come after the first paragraph, are no part of the history.
    body: `${isRevision(subtask.id) ? subtask.description.split('\n\n', 1)[0] : subtask.description}\n\n${criteria}`,
    trailers: {
      'Orchestrator-Run': rootRunId,
      'Orchestrator-Subtask': subtask.id,
      'Orchestrator-Key': key,
      'Orchestrator-At': new Date(services.clock.now()).toISOString(),
    },
  };
}

export async function mergeInMemory(
  services: Services,
  rootRunId: string,
  input: MergeInput,
  key: string,
): Promise<Candidate> {
  const { repository } = services;
  const merged = await repository.merge(input.repoDir, input.baseCommit, input.commit);
  const message = integrationMessage(services, rootRunId, input, key);
  const commit = await repository.commitTree(input.repoDir, merged.tree, [input.baseCommit], message);
  const kind = (text: string) => /\((.+)\)/.exec(text)?.[1] ?? 'contents';
  return {
    commit,
    descriptions: merged.conflicts.map((conflict) => `${conflict.path} (${kind(conflict.kind)})`).sort(),
    conflicts: [...new Set(merged.conflicts.map((conflict) => conflict.path))].sort(),
  };
}

/** Runs the subtask's and the integration checks on exactly the tree of a commit. */
export function checkMerged(
  services: Services,
  s: CheckTry,
  input: MergeInput,
  commit: string,
  place: CheckPlace,
): Promise<Evidence[]> {
  // The agent's worktree may hold more than its commit (ignored files, say); here is only what is committed.
  const own = input.proven ? input.subtask.checks : [];
  const checks = distinctChecks([...own, ...input.plan.integrationChecks]);
  return checkCommit(services, s, input.policy, { ...input, commit }, checks, place);
}
