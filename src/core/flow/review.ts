import type { Plan, Subtask } from '../../protocol/plan.ts';
import { type Evidence, type Finding, Review } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import { touchedLines } from './diff-lines.ts';
import { askLeadOrRepair } from './lead.ts';
import { reviewBody } from './lead-prompts.ts';
import { pausable } from './pause.ts';
import type { RunPolicy } from './policy.ts';
import type { Services } from './services.ts';

/** How much of a diff the reviewer is shown. */
export const REVIEW_PATCH_BYTES = 120_000;
const REVIEW_OUTPUT_TOKENS = 8_000;
/** A finding may sit this many lines beside the change that it is about. */
const NEAR_LINES = 3;

export interface ReviewRequest {
  projectName: string;
  plan: Plan;
  subtask: Subtask;
  repoDir: string;
  commit: string;
  /** All that the subtask changes. */
  patch: string;
  /** The commit that the last round looked at; null in round 1. */
  lastCommit: string | null;
  round: number;
  previous: readonly Finding[];
  evidence: readonly Evidence[];
  /** What the host noticed about tests and checks. */
  remarks: readonly Finding[];
  report: string;
}

/** The lead's review, with the rules applied that keep rounds from growing without end. */
export async function reviewSubtask(
  ctx: Ctx,
  services: Services,
  policy: RunPolicy,
  request: ReviewRequest,
): Promise<Review> {
  const { repoDir, commit, lastCommit, round } = request;
  const sinceLast =
    lastCommit === null
      ? null
      : await pausable(ctx, `diff-${round}`, () =>
          services.repository.patch(repoDir, lastCommit, commit, REVIEW_PATCH_BYTES),
        );
  const review = await askLeadOrRepair(ctx, services, policy, `review-${round}`, {
    request: `review ${request.subtask.id} round ${round}`,
    projectName: request.projectName,
    body: reviewBody({
      plan: request.plan,
      subtask: request.subtask,
      evidence: request.evidence,
      remarks: request.remarks,
      patch: request.patch,
      previous: request.previous,
      report: request.report,
    }),
    schemaName: 'review',
    schema: Review,
    history: [],
    subtaskId: request.subtask.id,
    maxOutputTokens: REVIEW_OUTPUT_TOKENS,
  });
  return settleReview(review, request.previous, sinceLast);
}

/**
 * After round 1 a finding counts only when it was there before or concerns lines that changed since then; a review that asks
 * for a revision without an open finding is an approval. Findings of an approval are kept as remarks.
 */
export function settleReview(review: Review, previous: readonly Finding[], patchSinceLast: string | null): Review {
  if (review.verdict === 'approve') return review;
  const findings = patchSinceLast === null ? review.findings : inScope(review.findings, previous, patchSinceLast);
  return findings.length === 0 ? { ...review, verdict: 'approve', findings } : { ...review, findings };
}

function inScope(findings: readonly Finding[], previous: readonly Finding[], patch: string): Finding[] {
  const known = new Set(previous.map((finding) => finding.id));
  const touched = touchedLines(patch);
  return findings.filter((finding) => {
    if (known.has(finding.id)) return true;
    const lines = touched.get(finding.file);
    if (lines === undefined) return false;
    if (finding.line === 0) return true;
    for (let line = finding.line - NEAR_LINES; line <= finding.line + NEAR_LINES; line += 1) {
      if (lines.has(line)) return true;
    }
    return false;
  });
}
