import type { Clock } from '../../core/ports.ts';
import type { Store } from './state.ts';
import type { CheckRun, Job, Step, Workflow, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { type JobDefinition, orderedJobs, type WorkflowSource, workflowName } from './workflows.ts';

/** The record of a workflow file; it keeps its id as long as the path stays. */
export function ensureWorkflow(store: Store, clock: Clock, repo: Repo, path: string): Workflow {
  const known = store.state.workflows.find((entry) => entry.repoId === repo.id && entry.path === path);
  if (known !== undefined) return known;
  const workflow: Workflow = { id: store.nextId(), repoId: repo.id, path, createdAt: timestamp(clock) };
  store.state.workflows.push(workflow);
  return workflow;
}

export interface RunStart {
  event: string;
  branch: string;
  sha: string;
  login: string;
  title: string;
  inputs: Record<string, string>;
}

/** A run with its jobs, queued. Each job has a check run of the same id. */
export function createRun(
  store: Store,
  clock: Clock,
  repo: Repo,
  source: WorkflowSource,
  start: RunStart,
): { run: WorkflowRun; checks: CheckRun[] } {
  const now = timestamp(clock);
  repo.lastRunNumber += 1;
  const run: WorkflowRun = {
    id: store.nextId(),
    repoId: repo.id,
    workflowId: ensureWorkflow(store, clock, repo, source.path).id,
    path: source.path,
    name: workflowName(source),
    title: start.title,
    runNumber: repo.lastRunNumber,
    event: start.event,
    branch: start.branch,
    sha: start.sha,
    suiteId: store.nextId(),
    login: start.login,
    inputs: start.inputs,
    status: 'queued',
    conclusion: null,
    createdAt: now,
    updatedAt: now,
    startedAt: null,
  };
  store.state.workflowRuns.push(run);
  const jobs = source.definition === null ? [] : orderedJobs(source.definition);
  const checks = jobs.map(([key, job]) => createJob(store, repo, run, key, job));
  if (jobs.length === 0) Object.assign(run, { status: 'completed', conclusion: 'failure', startedAt: now });
  return { run, checks };
}

function createJob(store: Store, repo: Repo, run: WorkflowRun, key: string, definition: JobDefinition): CheckRun {
  const id = store.nextId();
  const job: Job = { id, runId: run.id, key, steps: stepsOf(definition), log: '' };
  const check: CheckRun = {
    id,
    repoId: repo.id,
    suiteId: run.suiteId,
    sha: run.sha,
    branch: run.branch,
    name: definition.name ?? key,
    status: 'queued',
    conclusion: null,
    title: null,
    summary: null,
    createdAt: run.createdAt,
    startedAt: null,
    completedAt: null,
    workflowRunId: run.id,
  };
  store.state.jobs.push(job);
  store.state.checkRuns.push(check);
  return check;
}

function stepsOf(definition: JobDefinition): Step[] {
  const named = definition.steps.map((step) => {
    const what = step.run === undefined ? (step.uses ?? '') : (step.run.split('\n')[0] ?? '');
    return step.name ?? `Run ${what}`;
  });
  return ['Set up job', ...named].map((name, at) => unbegun(name, at + 1));
}

export const unbegun = (name: string, number: number): Step => ({
  name,
  number,
  status: 'queued',
  conclusion: null,
  startedAt: null,
  completedAt: null,
});
