import type { Plan, Subtask } from '../../protocol/plan.ts';
import { type Evidence, type Finding, Review } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import { filesOf } from './diff-files.ts';
import { isCut, outlineOf, touchedLines } from './diff-lines.ts';
import { askLeadOrRepair } from './lead.ts';
import { type ReviewDiffText, reviewBody } from './lead-prompts.ts';
import { pausable } from './pause.ts';
import type { RunPolicy } from './policy.ts';
import { fileLines, onlyNews, partsOf, READ_BYTES, type ReviewDiff, type ReviewFile } from './review-parts.ts';
import type { Services } from './services.ts';

const REVIEW_OUTPUT_TOKENS = 8_000;
/** A finding may sit this many lines beside the change that it is about. */
const NEAR_LINES = 3;

export interface ReviewRequest {
  /** Of the question: `review <about> round 1`. */
  about: string;
  projectName: string;
  plan: Plan;
  subtask: Subtask;
  repoDir: string;
  commit: string;
  /** All that the subtask changes. */
  diff: ReviewDiff;
  /** The commit that the last round looked at; null in round 1. */
  lastCommit: string | null;
  round: number;
  previous: readonly Finding[];
  evidence: readonly Evidence[];
  /** What the host noticed about tests and checks. */
  remarks: readonly Finding[];
  report: string;
}

/**
 * The lead's review, with the rules applied that keep rounds from growing without end. One request, or one for each part of a
 * large diff, in their order: each hears what the ones before it found out.
 */
export async function reviewSubtask(
  ctx: Ctx,
  services: Services,
  policy: RunPolicy,
  request: ReviewRequest,
): Promise<Review> {
  const { diff, round, previous, subtask } = request;
  const sinceLast = await changesSinceLast(ctx, services, request);
  const name = `review-${round}`;
  const question = `review ${request.about} round ${round}`;
  const ask = (stepName: string, purpose: string, shown: ReviewDiffText): Promise<Review> =>
    askLeadOrRepair(ctx, services, policy, stepName, {
      request: purpose,
      projectName: request.projectName,
      body: reviewBody({
        plan: request.plan,
        subtask,
        evidence: request.evidence,
        remarks: request.remarks,
        diff: shown,
        previous,
        report: request.report,
      }),
      schemaName: 'review',
      schema: Review,
      history: [],
      subtaskId: subtask.id,
      maxOutputTokens: REVIEW_OUTPUT_TOKENS,
    });
  if (typeof diff === 'string') return settleReview(await ask(name, question, diff), previous, sinceLast);

  const files = sinceLast === null ? diff : onlyNews(diff, newsIn(sinceLast, request));
  const parts = partsOf(files);
  const list = fileLines(files, parts);
  const of = Math.max(1, parts.length);
  const reviews: Review[] = [];
  for (let number = 1; number <= of; number += 1) {
    const text = parts[number - 1]?.text ?? '';
    const shown = { number, of, text, files: list, earlier: reviews.map((review) => review.summary) };
    const isOne = of === 1;
    reviews.push(
      await ask(
        isOne ? name : `${name}-part-${number}`,
        isOne ? question : `${question} part ${number} of ${of}`,
        shown,
      ),
    );
  }
  return joinReviews(reviews, previous, sinceLast);
}

/**
 * The diff since the last round without the text of its lines; null when every finding counts and every file is shown: in round
 * 1, and when more has changed than is read.
 */
async function changesSinceLast(
  ctx: Ctx,
  services: Services,
  { repoDir, commit, lastCommit, round }: ReviewRequest,
): Promise<string | null> {
  if (lastCommit === null) return null;
  const outline = await pausable(ctx, `diff-${round}`, async () =>
    outlineOf(await services.repository.patch(repoDir, lastCommit, commit, READ_BYTES)),
  );
  return isCut(outline) ? null : outline;
}

function newsIn(sinceLast: string, { previous, remarks }: ReviewRequest): Parameters<typeof onlyNews>[1] {
  const news = new Set([...previous, ...remarks].map((finding) => finding.file));
  for (const { path, oldPath } of filesOf(sinceLast)) news.add(path).add(oldPath);
  return ({ path, oldPath }: Pick<ReviewFile, 'path' | 'oldPath'>) => news.has(path) || news.has(oldPath);
}

/**
 * What the reviews of all parts say together: `revise` when one of them does, with the findings of all, whose ids are made
 * unique. The rules of `settleReview` hold for each part.
 */
export function joinReviews(
  parts: readonly Review[],
  previous: readonly Finding[],
  patchSinceLast: string | null,
): Review {
  const settled = parts.map((part) => settleReview(part, previous, patchSinceLast));
  const [only] = settled;
  if (only !== undefined && settled.length === 1) return only;
  const verdict = settled.some((part) => part.verdict === 'revise') ? 'revise' : 'approve';
  const isNew = verdict === 'revise' && patchSinceLast !== null;
  const findings = new Map<string, Finding>();
  for (const [index, part] of settled.entries()) {
    // What an approved part remarks is asked for too, now that there is another round: so the same rule holds for it.
    const kept = isNew ? inScope(part.findings, previous, patchSinceLast) : part.findings;
    for (const finding of kept) {
      const first = findings.get(finding.id);
      // Two parts may both say that a finding of the last round is open.
      if (first?.file === finding.file && first.line === finding.line) continue;
      let { id } = finding;
      for (let n = index + 1; findings.has(id); n += 1) id = `${finding.id}-part-${n}`;
      findings.set(id, { ...finding, id });
    }
  }
  const summary = settled.map((part, index) => `Part ${index + 1} of ${settled.length}: ${part.summary}`).join('\n');
  return { verdict, summary, findings: [...findings.values()] };
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
  const changed = new Set(filesOf(patch).flatMap(({ path, oldPath }) => [path, oldPath]));
  return findings.filter((finding) => {
    if (known.has(finding.id)) return true;
    // A file that is no text, or is gone, has no lines.
    if (finding.line === 0) return changed.has(finding.file);
    const lines = touched.get(finding.file);
    if (lines === undefined) return false;
    for (let line = finding.line - NEAR_LINES; line <= finding.line + NEAR_LINES; line += 1) {
      if (lines.has(line)) return true;
    }
    return false;
  });
}
