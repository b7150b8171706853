import type { Finding, Review } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { Candidate } from './candidate.ts';
import type { MergeInput } from './merge-candidate.ts';
import { pausable } from './pause.ts';
import { reviewSubtask } from './review.ts';
import { diffToReview, READ_BYTES } from './review-parts.ts';
import type { Services } from './services.ts';

/** What an agent made of a merge that did not come out clean. */
export interface Made {
  /** The merge as it was given to the agent, markers and all. */
  candidate: Candidate;
  commit: string;
  /** Counts from 1. */
  round: number;
  report: string;
  /** Of the last review, and the commit that it looked at; none in the first. */
  previous: readonly Finding[];
  lastCommit: string | null;
}

/** The lead's review of it, before anything of it runs with the network. */
export async function reviewResolution(ctx: Ctx, services: Services, input: MergeInput, made: Made): Promise<Review> {
  const { repository } = services;
  const { candidate, commit, round } = made;
  const { diff, faults } = await pausable(ctx, `resolution-diff-${round}`, async () => {
    const [files, patch] = await Promise.all([
      repository.changedFiles(input.repoDir, candidate.commit, commit),
      repository.patch(input.repoDir, candidate.commit, commit, READ_BYTES),
    ]);
    return diffToReview(patch, files, (paths) => repository.fileSizes(input.repoDir, commit, paths));
  });
  if (faults.length > 0) return { verdict: 'revise', summary: faults.join('\n'), findings: [] };
  return reviewSubtask(ctx, services, input.policy, {
    about: `${input.subtask.id} merge`,
    projectName: input.brief.name,
    plan: input.plan,
    subtask: input.subtask,
    repoDir: input.repoDir,
    commit,
    diff,
    lastCommit: made.lastCommit,
    round,
    previous: made.previous,
    evidence: [],
    remarks: [remarkAbout(candidate)],
    report: made.report,
  });
}

function remarkAbout({ conflicts, descriptions }: Candidate): Finding {
  const [first = ''] = conflicts;
  const what =
    first === ''
      ? 'This subtask, which was approved, fails its checks together with what was integrated meanwhile; an agent has mended it.'
      : `This subtask, which was approved, conflicts with what was integrated meanwhile (${descriptions.join(', ')}); an agent has joined both sides. The diff begins at the merge with its conflict markers.`;
  return {
    id: 'merge',
    severity: 'minor',
    file: first === '' ? '.' : first,
    line: 0,
    message: `${what} What both sides intend has to stay, and nothing else may come in. The checks are run after your review: the commands that set the project up have the network, and run what the diff holds.`,
  };
}
