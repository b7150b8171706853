import * as z from 'zod';

/**
 * The records that a team shares: the three collections of the product's design, field by field. They are made from a run's
 * events and never read back by it. Times are ISO 8601, UTC; `object` and `array` fields are JSON.
 */
const time = z.string();

export const TaskRecord = z.strictObject({
  /** Id of the run. */
  taskId: z.string(),
  /** Who started it: the configured name, else that of git, else of the system's account. */
  userId: z.string(),
  projectName: z.string(),
  /** The brief. */
  requirements: z.json(),
  status: z.enum(['pending', 'processing', 'completed', 'failed']),
  /** The plan, with questions, answers and estimate; null before there is one. */
  grokAnalysis: z.json(),
  /** One entry for each subtask: id, title, agent, state, cost. */
  claudeAssignments: z.array(z.json()),
  /** Web address of the repository; empty before something was pushed. */
  githubRepo: z.string(),
  /** Pull request, merge commit, live address, cost, what it waits for. */
  deploymentInfo: z.json(),
  createdAt: time,
  updatedAt: time,
});
export type TaskRecord = z.infer<typeof TaskRecord>;

export const ActivityRecord = z.strictObject({
  activityId: z.string(),
  taskId: z.string(),
  agentId: z.string(),
  agentType: z.enum(['grok', 'claude']),
  action: z.string(),
  input: z.json(),
  output: z.json(),
  /** Milliseconds. */
  duration: z.number(),
  status: z.enum(['success', 'failure']),
  timestamp: time,
});
export type ActivityRecord = z.infer<typeof ActivityRecord>;

export const DeploymentRecord = z.strictObject({
  deploymentId: z.string(),
  taskId: z.string(),
  type: z.enum(['site', 'function', 'database']),
  appwriteProjectId: z.string(),
  githubRepo: z.string(),
  /** Deployment ids of the vendor, the commit and what was changed. */
  buildArtifacts: z.array(z.json()),
  status: z.enum(['pending', 'building', 'deployed', 'failed']),
  url: z.string(),
  logs: z.array(z.string()),
  createdAt: time,
});
export type DeploymentRecord = z.infer<typeof DeploymentRecord>;

export const ProjectRecords = z.strictObject({
  tasks: z.array(TaskRecord),
  activities: z.array(ActivityRecord),
  deployments: z.array(DeploymentRecord),
});
export type ProjectRecords = z.infer<typeof ProjectRecords>;
