import * as z from 'zod';

/**
 * The plan as the lead model returns it. Every field is required and nullable rather than optional, because strict
 * JSON schemas of the providers treat an optional field as best effort.
 */
export const Specialization = z.enum(['frontend', 'backend', 'database', 'testing', 'devops']);
export type Specialization = z.infer<typeof Specialization>;

export const Effort = z.enum(['low', 'medium', 'high', 'xhigh', 'max']);
export type Effort = z.infer<typeof Effort>;

/** A command line that the host runs in the worktree; exit code 0 means passed. */
export const Check = z.strictObject({
  name: z.string().min(1),
  command: z.string().min(1),
});
export type Check = z.infer<typeof Check>;

const Criterion = z.strictObject({
  text: z.string().min(1),
  /** 1-based numbers of the brief's requirements that this criterion covers; empty for a technical criterion. */
  requirements: z.array(z.int().min(1)),
});

export const Subtask = z.strictObject({
  /** Lower case letters, digits and hyphens; unique in the plan; used in refs and folders. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/),
  title: z.string().min(1),
  description: z.string().min(1),
  specialization: Specialization,
  /** 1 (first) to 5 (last); breaks ties between subtasks of equal critical path. */
  priority: z.int().min(1).max(5),
  effort: Effort,
  dependsOn: z.array(z.string()),
  /** Files (`src/a.js`) or folders (`src/api/`) relative to the repository's root that this subtask may create or change. */
  ownedPaths: z.array(z.string().min(1)).min(1),
  acceptanceCriteria: z.array(Criterion).min(1),
  checks: z.array(Check).min(1),
});
export type Subtask = z.infer<typeof Subtask>;

/** A file that several subtasks rely on; the host writes it before any agent starts. Agents may extend it. */
const SharedInterface = z.strictObject({
  path: z.string().min(1),
  purpose: z.string().min(1),
  content: z.string(),
});

export const TableNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  columns: z.array(
    z.strictObject({
      key: z.string().min(1).max(36),
      type: z.enum(['string', 'integer', 'double', 'boolean', 'datetime']),
      /** Characters; only for `string`. */
      size: z.int().nullable(),
      required: z.boolean(),
    }),
  ),
  indexes: z.array(
    z.strictObject({
      key: z.string().min(1),
      type: z.enum(['key', 'unique', 'fulltext']),
      columns: z.array(z.string()).min(1),
    }),
  ),
  /** Appwrite permission strings, such as `read("any")`. */
  permissions: z.array(z.string()),
});
export type TableNeed = z.infer<typeof TableNeed>;

export const FunctionNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  /** Folder in the repository whose content is packed. */
  path: z.string().min(1),
  runtime: z.string().min(1),
  /** Relative to `path`. */
  entrypoint: z.string().min(1),
  /** Build command, or null for none. */
  commands: z.string().nullable(),
  /** Role strings; `any` makes the function's domain answer everybody. */
  execute: z.array(z.string()),
  scopes: z.array(z.string()),
});
export type FunctionNeed = z.infer<typeof FunctionNeed>;

export const SiteNeed = z.strictObject({
  id: z.string().min(1).max(36),
  name: z.string().min(1),
  /** Folder in the repository whose content is packed. */
  path: z.string().min(1),
  framework: z.string().min(1),
  installCommand: z.string().nullable(),
  buildCommand: z.string().nullable(),
  /** Relative to `path`. */
  outputDirectory: z.string().min(1),
  fallbackFile: z.string().nullable(),
  /**
   * File inside `path` into which the deployment writes `{endpoint, projectId, databaseId, functions: {id: url}}` as JSON
   * before packing, so that the page finds its functions; null for none.
   */
  settingsFile: z.string().nullable(),
});
export type SiteNeed = z.infer<typeof SiteNeed>;

/** A request made to the live application after deployment. */
export const LiveCheck = z.strictObject({
  /** Id of the function or site of `deployment` that is asked. */
  target: z.string().min(1),
  method: z.enum(['GET', 'POST']),
  path: z.string().startsWith('/'),
  /** JSON body for POST, or null. */
  body: z.string().nullable(),
  status: z.int().min(100).max(599),
  /** Text that the answer must contain. */
  contains: z.string(),
});
export type LiveCheck = z.infer<typeof LiveCheck>;

export const DeploymentNeeds = z.strictObject({
  /** Null when no database is needed. */
  databaseId: z.string().min(1).max(36).nullable(),
  tables: z.array(TableNeed),
  functions: z.array(FunctionNeed),
  sites: z.array(SiteNeed),
  liveChecks: z.array(LiveCheck),
});
export type DeploymentNeeds = z.infer<typeof DeploymentNeeds>;

export const Plan = z.strictObject({
  summary: z.string().min(1),
  architecture: z.string().min(1),
  complexity: z.enum(['simple', 'complex']),
  /** Packages that the work adds from the registry; the host checks that each exists. */
  packages: z.array(z.strictObject({ name: z.string().min(1), reason: z.string() })),
  sharedInterfaces: z.array(SharedInterface),
  subtasks: z.array(Subtask).min(1).max(50),
  /** Run on the merged tree after every integration. */
  integrationChecks: z.array(Check),
  deployment: DeploymentNeeds,
});
export type Plan = z.infer<typeof Plan>;

export const Question = z.strictObject({
  id: z.string().min(1),
  text: z.string().min(1),
  /** Taken when nobody answers. */
  defaultAnswer: z.string().min(1),
});
export type Question = z.infer<typeof Question>;

export const Clarification = z.strictObject({ questions: z.array(Question).max(5) });
export type Clarification = z.infer<typeof Clarification>;

export const Answer = z.strictObject({
  questionId: z.string(),
  text: z.string(),
  source: z.enum(['person', 'default']),
});
export type Answer = z.infer<typeof Answer>;

const Range = z.strictObject({ low: z.number(), high: z.number() });

/** What the plan is expected to take. Low and high bound the likely outcome, not the possible one. */
export const Estimate = z.strictObject({
  tokens: Range,
  /** US dollars; null when a model without a known price is in use. */
  costUsd: Range.nullable(),
  wallMs: Range,
});
export type Estimate = z.infer<typeof Estimate>;
