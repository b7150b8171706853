import * as z from 'zod';
import { CheckRun, CommitStatus, Job, Workflow, WorkflowRun } from './state-checks.ts';
import { USER_LOGIN } from './user-login.ts';

const MergeMethod = z.enum(['merge', 'squash', 'rebase']);
export type MergeMethod = z.infer<typeof MergeMethod>;
const Owner = z.strictObject({ id: z.int(), login: z.string(), type: z.enum(['User', 'Organization']) });
export type Owner = z.infer<typeof Owner>;

const Repo = z.strictObject({
  id: z.int(),
  owner: z.string(),
  name: z.string(),
  private: z.boolean(),
  description: z.string().nullable(),
  homepage: z.string().nullable(),
  archived: z.boolean(),
  defaultBranch: z.string(),
  /** Kilobytes of the object store, measured after each push. */
  sizeKb: z.int(),
  createdAt: z.string(),
  updatedAt: z.string(),
  pushedAt: z.string(),
  lastNumber: z.int(),
  allowAutoMerge: z.boolean().default(false),
  /** Tips that were seen last, by ref name; null until they are read for the first time. */
  tips: z.record(z.string(), z.string()).nullable().default(null),
  lastRunNumber: z.int().default(0),
});
export type Repo = z.infer<typeof Repo>;

const Pull = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  title: z.string(),
  body: z.string().nullable(),
  draft: z.boolean(),
  state: z.enum(['open', 'closed']),
  headRef: z.string(),
  headSha: z.string(),
  baseRef: z.string(),
  /** Tip of the base while open; as it was before the merge afterwards. */
  baseSha: z.string(),
  mergedAt: z.string().nullable(),
  mergeSha: z.string().nullable(),
  labels: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  closedAt: z.string().nullable(),
  login: z.string().default(USER_LOGIN),
  mergedBy: z.string().default(USER_LOGIN),
  reviewers: z.array(z.string()).default([]),
  teams: z.array(z.string()).default([]),
  assignees: z.array(z.string()).default([]),
  autoMerge: z
    .strictObject({ login: z.string(), method: MergeMethod, title: z.string().nullable(), text: z.string().nullable() })
    .nullable()
    .default(null),
});
export type Pull = z.infer<typeof Pull>;

const Comment = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  body: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  login: z.string().default(USER_LOGIN),
});
export type Comment = z.infer<typeof Comment>;

const Label = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  name: z.string(),
  color: z.string(),
  description: z.string().nullable().default(null),
});
export type Label = z.infer<typeof Label>;

const Issue = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  title: z.string(),
  body: z.string().nullable(),
  state: z.enum(['open', 'closed']),
  stateReason: z.enum(['completed', 'reopened', 'not_planned']).nullable(),
  login: z.string(),
  labels: z.array(z.string()),
  assignees: z.array(z.string()),
  createdAt: z.string(),
  updatedAt: z.string(),
  closedAt: z.string().nullable(),
  closedBy: z.string().nullable(),
});
export type Issue = z.infer<typeof Issue>;

const Review = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  login: z.string(),
  state: z.enum(['PENDING', 'APPROVED', 'CHANGES_REQUESTED', 'COMMENTED', 'DISMISSED']),
  body: z.string(),
  commitId: z.string(),
  submittedAt: z.string().nullable(),
});
export type Review = z.infer<typeof Review>;

const ReviewComment = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  reviewId: z.int().nullable(),
  login: z.string(),
  body: z.string(),
  path: z.string(),
  /** Null: a comment on the whole file. */
  line: z.int().nullable(),
  startLine: z.int().nullable(),
  side: z.enum(['LEFT', 'RIGHT']),
  commitId: z.string(),
  diffHunk: z.string(),
  inReplyTo: z.int().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ReviewComment = z.infer<typeof ReviewComment>;

const StatusChecks = z.strictObject({
  strict: z.boolean(),
  checks: z.array(z.strictObject({ context: z.string(), appId: z.int().nullable() })),
});

const Protection = z.strictObject({
  repoId: z.int(),
  branch: z.string(),
  statusChecks: StatusChecks.nullable(),
  reviews: z
    .strictObject({ count: z.int(), dismissStale: z.boolean(), codeOwners: z.boolean(), lastPush: z.boolean() })
    .nullable(),
  enforceAdmins: z.boolean(),
  linearHistory: z.boolean(),
  forcePushes: z.boolean(),
  deletions: z.boolean(),
  conversations: z.boolean(),
});
export type Protection = z.infer<typeof Protection>;

/** A rule of a ruleset as the API shows it: its type, and its parameters in GitHub's own words. */
const Rule = z.strictObject({
  type: z.enum(['pull_request', 'required_status_checks', 'merge_queue']),
  parameters: z.record(z.string(), z.unknown()),
});
export type Rule = z.infer<typeof Rule>;
const BranchRules = z.strictObject({ repoId: z.int(), branch: z.string(), rules: z.array(Rule) });

const QueueEntry = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  login: z.string(),
  /** The head that was put in: another push throws the entry out. */
  headSha: z.string(),
  /** `refs/heads/gh-readonly-queue/…` and its commit, once this entry is the first. */
  group: z.strictObject({ ref: z.string(), sha: z.string(), baseSha: z.string() }).nullable(),
  enqueuedAt: z.string(),
});
export type QueueEntry = z.infer<typeof QueueEntry>;

/** What the timeline of a pull request says about the merge queue; `reason` of a removal in GitHub's words. */
const QueueEvent = z.strictObject({
  id: z.int(),
  repoId: z.int(),
  number: z.int(),
  login: z.string(),
  removed: z.strictObject({ reason: z.string(), groupSha: z.string().nullable() }).nullable(),
  createdAt: z.string(),
});
export type QueueEvent = z.infer<typeof QueueEvent>;

export const State = z.strictObject({
  /** 1 was the shape before issues, reviews, protection and workflows; what it lacks has a default. */
  version: z.union([z.literal(1), z.literal(2)]).transform((): 2 => 2),
  token: z.string(),
  lastId: z.int(),
  owners: z.array(Owner),
  repos: z.array(Repo),
  pulls: z.array(Pull),
  comments: z.array(Comment),
  labels: z.array(Label),
  checkRuns: z.array(CheckRun),
  statuses: z.array(CommitStatus),
  issues: z.array(Issue).default([]),
  reviews: z.array(Review).default([]),
  reviewComments: z.array(ReviewComment).default([]),
  protections: z.array(Protection).default([]),
  rules: z.array(BranchRules).default([]),
  queue: z.array(QueueEntry).default([]),
  queueEvents: z.array(QueueEvent).default([]),
  workflows: z.array(Workflow).default([]),
  workflowRuns: z.array(WorkflowRun).default([]),
  jobs: z.array(Job).default([]),
  /** Names that repositories had before. */
  renames: z.array(z.strictObject({ owner: z.string(), name: z.string(), repoId: z.int() })).default([]),
});
export type State = z.infer<typeof State>;
