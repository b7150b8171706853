import * as z from 'zod';
import { invalid } from './http.ts';
import { pullCommits, pullFiles } from './pulls.ts';
import type { Pull, Repo, Review, ReviewComment } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

/** A comment on a line of the diff, or on a whole file. */
export const NewLineComment = z.object({
  body: z.string().min(1),
  path: z.string().min(1),
  line: z.int().min(1).optional(),
  side: z.enum(['LEFT', 'RIGHT']).default('RIGHT'),
  start_line: z.int().min(1).nullish(),
  subject_type: z.enum(['line', 'file']).default('line'),
});

const RESOURCE = 'PullRequestReviewComment';

/** The comment at its place in the diff, or GitHub's 422 when the diff has no such place. It is not kept yet. */
export async function placeComment(
  world: World,
  repo: Repo,
  pull: Pull,
  wanted: z.infer<typeof NewLineComment> & { commit_id: string },
  review: Review,
): Promise<ReviewComment> {
  const commits = await pullCommits(world, repo, pull);
  if (!commits.some(({ sha }) => sha === wanted.commit_id)) {
    throw invalid(RESOURCE, { field: 'commit_id', code: 'invalid' });
  }
  const file = (await pullFiles(world, repo, pull)).find(({ path }) => path === wanted.path);
  if (file === undefined) {
    throw invalid(RESOURCE, {
      code: 'invalid',
      field: 'pull_request_review_thread.path',
      message: 'pull_request_review_thread.path could not be resolved',
    });
  }
  const isWholeFile = wanted.subject_type === 'file';
  const hunk = isWholeFile ? '' : hunkUntil(file.patch ?? '', wanted.line ?? 0, wanted.side);
  if (hunk === null) {
    throw invalid(RESOURCE, {
      code: 'custom',
      field: 'pull_request_review_thread.line',
      message: 'pull_request_review_thread.line must be part of the diff',
    });
  }
  const now = timestamp(world.clock);
  return {
    id: world.store.nextId(),
    repoId: repo.id,
    number: pull.number,
    reviewId: review.id,
    login: review.login,
    body: wanted.body,
    path: wanted.path,
    line: isWholeFile ? null : (wanted.line ?? null),
    startLine: wanted.start_line ?? null,
    side: wanted.side,
    commitId: wanted.commit_id,
    diffHunk: hunk,
    inReplyTo: null,
    createdAt: now,
    updatedAt: now,
  };
}

/** The hunk down to that line of that side, or null when no hunk shows the line. */
function hunkUntil(patch: string, line: number, side: 'LEFT' | 'RIGHT'): string | null {
  let hunk: string[] = [];
  let old = 0;
  let now = 0;
  for (const text of patch.split('\n')) {
    const header = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(text);
    if (header !== null) {
      hunk = [text];
      old = Number(header[1]) - 1;
      now = Number(header[2]) - 1;
      continue;
    }
    hunk.push(text);
    const kind = text.charAt(0);
    if (kind === ' ' || kind === '-') old += 1;
    if (kind === ' ' || kind === '+') now += 1;
    const shows = side === 'RIGHT' ? kind !== '-' && now === line : kind !== '+' && old === line;
    if (shows && kind !== '\\') return hunk.join('\n');
  }
  return null;
}
