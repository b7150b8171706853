import * as z from 'zod';
import { DeploymentNeeds } from './deployment-needs.ts';

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
  /**
   * Test files of its owned paths that it may remove or take tests out of; every other test has to stay. The person grants it
   * with the plan. Required of the model all the same, like what has a default in `DeploymentNeeds`.
   */
  removesTests: z.array(z.string().min(1)).default([]),
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
