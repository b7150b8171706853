import assert from 'node:assert/strict';
import type { Forge, ForgeRepository, MergeRequest, PullRequestRequest } from '../../src/core/ports.ts';
import { AppError, type ErrorCode } from '../../src/protocol/errors.ts';

/** Words of a person about a pull request. */
type Words =
  | { kind: 'approve' | 'request_changes' | 'comment' | 'talk'; body: string }
  | { kind: 'remark'; body: string; file: string; line: number };

interface Extras {
  draft: boolean;
  labels: string[];
  reviewers: string[];
  teams: string[];
}

/** One forge with a way to push to it, and with people. */
export interface ForgeHarness {
  forge: Forge;
  /** The same forge with a token that it does not accept. */
  stranger: Forge;
  /** Login of somebody who may write to every repository and review in it. */
  reviewer: string;
  /** Login of who the token belongs to. */
  own: string;
  /** Login of somebody who may only read what is public. */
  outsider: string;
  /** Warnings of the log. */
  warnings: readonly string[];
  /** Adds a commit with these files to a branch, which starts from another one when it is new; null: without a parent. */
  push(
    repository: ForgeRepository,
    branch: string,
    from: string | null,
    files: Record<string, string>,
  ): Promise<string>;
  deleteBranch(repository: ForgeRepository, branch: string): Promise<void>;
  /** Gives the repository another name; the old one leads to it. */
  rename(repository: ForgeRepository, name: string): Promise<void>;
  /** The tip of a branch. */
  tip(repository: ForgeRepository, branch: string): Promise<{ commit: string; parents: string[]; paths: string[] }>;
  extras(repository: ForgeRepository, number: number): Promise<Extras>;
  /** Says something as the reviewer, the outsider or our own account; returns what `settle` takes. */
  say(repository: ForgeRepository, number: number, by: 'reviewer' | 'outsider' | 'own', words: Words): Promise<string>;
  /** False where the server knows no threads, so that nothing can be resolved. */
  canResolve: boolean;
  /** Dismisses a review, or resolves the thread of a remark. */
  settle(repository: ForgeRepository, number: number, said: string): Promise<void>;
  /** Words in the conversation. */
  edit(repository: ForgeRepository, number: number, said: string, body: string): Promise<void>;
  /** From now on the branch takes only what somebody else has approved. */
  requireReview(repository: ForgeRepository, branch: string): Promise<void>;
  /** From now on a head has to hold the tip of the branch. */
  requireUpToDate(repository: ForgeRepository, branch: string): Promise<void>;
  useQueue(repository: ForgeRepository, branch: string): Promise<void>;
  /** Lets the first of the queue be merged, when it has not been. */
  runQueue(repository: ForgeRepository, branch: string): Promise<void>;
  /** Throws the first of the queue out: its checks fail there, or somebody takes it out. */
  emptyQueue(repository: ForgeRepository, branch: string, by: 'checks' | 'person'): Promise<void>;
  addIssue(
    repository: ForgeRepository,
    issue: { title: string; body: string; labels: string[]; state: 'open' | 'closed' },
  ): Promise<number>;
  /** A workflow on the default branch with one job; outcome null: it cannot be dispatched. */
  addWorkflow(
    repository: ForgeRepository,
    file: string,
    workflow: { outcome: 'passed' | 'failed' | 'hangs' | null; log: string },
  ): Promise<void>;
  close(): Promise<void>;
}

export const refusal =
  (code: ErrorCode, reason?: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, code, error.message);
    if (reason !== undefined) assert.equal(error.details?.reason, reason, error.message);
    return true;
  };

export const wanted = { owner: null, name: 'shop', private: true, description: 'A shop' };
const title = 'Build the shop';
/** A merge of a head that holds its base, asked for the first time. */
export const mergeOf = (commit: string, method: MergeRequest['method'] = 'merge'): MergeRequest => ({
  commit,
  method,
  title,
  holdsBase: true,
  makeReady: true,
  wasQueued: false,
  knownRemoval: '',
});

export const pullRequest: PullRequestRequest = {
  head: 'feature',
  base: 'main',
  title,
  body: 'All of it',
  draft: false,
  labels: [],
  reviewers: [],
  teamReviewers: [],
};

export async function withFeature(
  { forge, push }: Pick<ForgeHarness, 'forge' | 'push'>,
  repository: ForgeRepository,
  more: Partial<PullRequestRequest> = {},
): Promise<{ head: string; number: number }> {
  await push(repository, 'main', null, { 'README.md': 'shop\n' });
  const head = await push(repository, 'feature', 'main', { 'feature.txt': 'one\n' });
  const { signal } = new AbortController();
  const pull = await forge.ensurePullRequest(repository, { ...pullRequest, ...more }, signal);
  return { head, number: pull.number };
}
