import type { Clock, Log } from '../../core/ports.ts';
import type { Children } from './children.ts';
import type { Git } from './git.ts';
import { runNpmCheck, type Verdict } from './npm-check.ts';
import { withExport } from './run-command.ts';
import { runJob } from './run-job.ts';
import type { Store } from './state.ts';
import type { CheckRun, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { unbegun } from './workflow-runs.ts';
import { readWorkflows } from './workflows.ts';

/** What is done for one check: `npm test`, or a job of a workflow. */

const CHECK_NAME = 'test';
const SUMMARY_CHARACTERS = 4_000;

export interface CheckQueueParts {
  store: Store;
  git: Git;
  children: Children;
  clock: Clock;
  log: Log;
  /** Gives the folder that each check gets one of its own in. */
  tempDir: () => string;
  webUrl: () => string;
  /** False: events start nothing; what is dispatched runs. */
  enabled: boolean;
  /** A check has come to its end. */
  completed(repo: Repo): Promise<void>;
}

/** A check of a commit that has no workflow. */
export function plainCheck(store: Store, repo: Repo, sha: string, branch: string, now: string): CheckRun {
  const check: CheckRun = {
    id: store.nextId(),
    repoId: repo.id,
    suiteId: store.nextId(),
    sha,
    branch,
    name: CHECK_NAME,
    status: 'queued',
    conclusion: null,
    title: null,
    summary: null,
    createdAt: now,
    startedAt: null,
    completedAt: null,
    workflowRunId: null,
  };
  store.state.checkRuns.push(check);
  return check;
}

export const runPlainCheck = (parts: CheckQueueParts, repo: Repo, check: CheckRun): Promise<Verdict> =>
  withExport(parts, parts.store.repoDir(repo), check.sha, (place) => runNpmCheck(parts.children, place));

export async function runJobOf(
  parts: CheckQueueParts,
  repo: Repo,
  check: CheckRun,
  run: WorkflowRun,
  cancel: AbortController,
): Promise<Verdict> {
  const { store, children, clock } = parts;
  const repoDir = store.repoDir(repo);
  const job = store.state.jobs.find(({ id }) => id === check.id);
  const sources = await readWorkflows(parts.git, repoDir, check.sha);
  const workflow = sources.find(({ path }) => path === run.path)?.definition ?? null;
  const definition = workflow?.jobs[job?.key ?? ''];
  if (job === undefined || workflow === null || definition === undefined) {
    return { conclusion: 'failure', title: 'The workflow is gone', summary: `${run.path} has no such job.` };
  }
  job.log = '';
  // What a stand-in that was ended had begun begins anew.
  job.steps = job.steps.map(({ name, number }) => unbegun(name, number));
  const failedNeed = store.state.jobs.some((other) => {
    if (other.runId !== run.id || !definition.needs.includes(other.key)) return false;
    return store.state.checkRuns.find(({ id }) => id === other.id)?.conclusion !== 'success';
  });
  const now = timestamp(clock);
  if (failedNeed) {
    job.steps = [];
    return { conclusion: 'skipped', title: 'Skipped', summary: 'A job that this one needs did not pass.' };
  }
  const conclusion = await withExport(parts, repoDir, check.sha, ({ sourceDir, homeDir }) =>
    runJob({
      repo,
      run,
      job,
      workflow,
      definition,
      children,
      clock,
      sourceDir,
      homeDir,
      signal: cancel.signal,
      webUrl: parts.webUrl(),
      save: () => store.save(),
    }),
  );
  run.updatedAt = now;
  return { conclusion, title: `${check.name}: ${conclusion}`, summary: job.log.slice(-SUMMARY_CHARACTERS) };
}

/** A run is over when its last job is. */
export function finishRun(store: Store, run: WorkflowRun, now: string): void {
  const checks = store.state.checkRuns.filter(({ workflowRunId }) => workflowRunId === run.id);
  run.updatedAt = now;
  if (checks.some(({ status }) => status !== 'completed')) return;
  run.status = 'completed';
  const order = ['cancelled', 'timed_out', 'failure'] as const;
  run.conclusion = order.find((conclusion) => checks.some((check) => check.conclusion === conclusion)) ?? 'success';
}
