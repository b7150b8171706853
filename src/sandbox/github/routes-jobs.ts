import { createHmac } from 'node:crypto';
import { type Call, notFound, paginate, type Reply, type Route, reply } from './http.ts';
import { runOf } from './routes-actions.ts';
import { repoOf } from './routes-repos.ts';
import { jobJson } from './shapes-actions.ts';
import type { CheckRun, Job, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

interface KnownJob {
  repo: Repo;
  run: WorkflowRun;
  job: Job;
  check: CheckRun;
}

function knownJob(world: World, repo: Repo, job: Job): KnownJob | null {
  const run = world.store.state.workflowRuns.find(({ id, repoId }) => id === job.runId && repoId === repo.id);
  const check = world.store.state.checkRuns.find(({ id }) => id === job.id);
  return run === undefined || check === undefined ? null : { repo, run, job, check };
}

function jobOf(world: World, call: Call): KnownJob {
  const repo = repoOf(world, call);
  const job = world.store.state.jobs.find(({ id }) => id === Number(call.params.id));
  const known = job === undefined ? null : knownJob(world, repo, job);
  if (known === null) throw notFound();
  return known;
}

function listJobs(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const run = runOf(world, repo, call);
  const jobs = world.store.state.jobs
    .filter(({ runId }) => runId === run.id)
    .flatMap((job) => knownJob(world, repo, job) ?? []);
  const page = paginate(call, jobs);
  const items = page.items.map(({ job, check }) => jobJson(world, repo, job, check, run));
  return reply(200, { total_count: jobs.length, jobs: items }, page.headers);
}

/** The address of the log takes no token, as GitHub's does not: its signature lets in. */
function signature(world: World, jobId: number): string {
  return createHmac('sha256', world.store.state.token).update(`log:${jobId}`).digest('hex');
}

function redirectToLog(world: World, call: Call): Reply {
  const { job, check } = jobOf(world, call);
  // GitHub has no log of a job before it has ended.
  if (check.status !== 'completed') throw notFound();
  const location = `${world.webUrl}/_logs/${job.id}?sig=${signature(world, job.id)}`;
  return reply(302, undefined, { location });
}

/** The log that a signed address names; null for any other address. */
export function jobLogText(world: World, url: URL): string | null {
  const id = Number(/^\/_logs\/(\d+)$/.exec(url.pathname)?.[1] ?? Number.NaN);
  const job = world.store.state.jobs.find((entry) => entry.id === id);
  return job === undefined || url.searchParams.get('sig') !== signature(world, job.id) ? null : job.log;
}

export function jobRoutes(world: World): Route[] {
  const actions = '/repos/:owner/:repo/actions';
  return [
    { method: 'GET', path: `${actions}/runs/:id/jobs`, handle: (call) => listJobs(world, call) },
    {
      method: 'GET',
      path: `${actions}/jobs/:id`,
      handle: (call) => {
        const { repo, job, check, run } = jobOf(world, call);
        return reply(200, jobJson(world, repo, job, check, run));
      },
    },
    { method: 'GET', path: `${actions}/jobs/:id/logs`, handle: (call) => redirectToLog(world, call) },
  ];
}
