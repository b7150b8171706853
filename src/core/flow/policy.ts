import type { Brief } from '../../protocol/brief.ts';
import type { Stage } from '../../protocol/events.ts';
import type { Effort } from '../../protocol/plan.ts';
import type { IssueRef } from '../../protocol/work.ts';

/** The configuration of one run. Journalled with the run's input, so that a resumed run goes on as it began. No secrets. */
export interface RunPolicy {
  lead: { model: string; effort: Effort };
  /** Effort null: what the plan says for each subtask. */
  agent: { model: string; effort: Effort | null };
  /** Takes over once when an agent could not satisfy checks or review. */
  escalation: { model: string; effort: Effort };
  concurrency: number;
  /** Review rounds before the escalation. */
  reviewRounds: number;
  /** Model turns of one subtask before it waits for a person. */
  maxTurns: number;
  checks: {
    allow: string[];
    deny: string[];
    wallMs: number;
    idleMs: number;
    setup: string[];
    include: string[];
    network: boolean;
  };
  liveDeadlineMs: number;
  forgeChecksDeadlineMs: number;
}

/**
 * Where and how the work is pushed. Not part of a run's journalled policy: a wrong name is mended in the configuration, and
 * the resumed run uses the mended one for what is still to do.
 */
export interface RemoteSettings {
  owner: string | null;
  repository: string | null;
  private: boolean;
  mergeMethod: 'merge' | 'squash' | 'rebase';
  branchPrefix: string;
  pullRequest: { draft: boolean; labels: string[]; reviewers: string[]; teamReviewers: string[] };
  /** Times that work is sent back to an agent after its pull request was opened, for failed checks and reviews together. */
  revisionRounds: number;
  /** Whether a project without any workflow gets one that runs the plan's checks. */
  ciWorkflow: boolean;
  /** File name of a workflow that is dispatched on the default branch after the merge and has to pass; null for none. */
  workflow: string | null;
}

export interface BuildInput {
  brief: Brief;
  workspaceDir: string;
  slug: string;
  budgetUsd: number;
  autoApprove: boolean;
  askQuestions: boolean;
  until: Stage;
  policy: RunPolicy;
  /** The issue that the run was started from; absent for none. */
  issue?: IssueRef | null;
}

/**
 * Set-up commands are the owner's and have the network, but what they run (scripts of a package, say) may be an agent's: true
 * when they may see its work only after the lead has. Where commands of agents have the network anyway, nothing is lost by it.
 */
export function runsUnreviewed({ checks }: Pick<RunPolicy, 'checks'>): boolean {
  return checks.setup.length > 0 && !checks.network;
}

/** Waiting for a person has a limit too: 30 days, then the run fails with its work kept. */
export const PERSON_TIMEOUT_MS = 30 * 24 * 60 * 60 * 1000;
