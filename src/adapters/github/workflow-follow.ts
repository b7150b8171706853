import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { WorkflowRun } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { readLog, tail } from './logs.ts';
import { allPages, PAGE_SIZE, place, slug } from './places.ts';

const Progress = { status: z.string().nullable(), conclusion: z.string().nullable() };
const Run = z.object({ html_url: z.string(), ...Progress });
const Job = z.object({ id: z.int(), name: z.string(), ...Progress });
type Job = z.infer<typeof Job>;
const Jobs = z.object({ jobs: z.array(Job) });

const PASSING: ReadonlySet<string | null> = new Set(['success', 'neutral', 'skipped']);
/** Of the first pause: a run of hours is not asked about each second. */
const LONGEST_PAUSE = 10;
const PAUSE_GROWTH = 1.3;

interface Followed {
  id: string;
  workflow: string;
  /** Milliseconds since the epoch. */
  deadline: number;
}

const stateOf = ({ status, conclusion }: { status: string | null; conclusion: string | null }) =>
  status !== 'completed' ? 'pending' : PASSING.has(conclusion) ? 'passed' : 'failed';

/** Looks at the run until it has ended. What has not changed is only confirmed by GitHub and counts nothing. */
export async function followRun(
  client: GithubClient,
  repository: ForgeRepository,
  followed: Followed,
  onChange: (run: WorkflowRun) => void,
  signal: AbortSignal,
): Promise<WorkflowRun> {
  let seen = '';
  for (let pause = 1; ; pause = Math.min(LONGEST_PAUSE, pause * PAUSE_GROWTH)) {
    const run = await look(client, repository, followed, signal);
    const now = JSON.stringify(run);
    if (now !== seen) onChange(run);
    seen = now;
    if (run.state !== 'pending') return run;
    const left = followed.deadline - client.clock.now();
    if (left <= 0) throw late(repository, run);
    await client.clock.sleep(Math.min(left, Math.round(client.pollMs * pause)), signal);
  }
}

async function look(
  client: GithubClient,
  repository: ForgeRepository,
  { id, workflow }: Followed,
  signal: AbortSignal,
): Promise<WorkflowRun> {
  const doing = `following the workflow ${workflow} in ${slug(repository)}`;
  const asked = { ...place(repository), run_id: Number(id) };
  const run = await client.call({ doing, kind: 'read', schema: Run }, signal, (octokit, options) =>
    octokit.rest.actions.getWorkflowRun({ ...asked, ...options }),
  );
  const jobs = await allPages(async (page) => {
    const answer = await client.call({ doing, kind: 'read', schema: Jobs }, signal, (octokit, options) =>
      octokit.rest.actions.listJobsForWorkflowRun({ ...asked, per_page: PAGE_SIZE, page, ...options }),
    );
    return answer.jobs;
  });
  const state = stateOf(run);
  return {
    id,
    workflow,
    url: run.html_url,
    state,
    jobs: jobs.map((job) => ({ name: job.name, state: stateOf(job) })),
    logTail: state === 'failed' ? await logsOf(client, repository, jobs, signal) : '',
  };
}

async function logsOf(
  client: GithubClient,
  repository: ForgeRepository,
  jobs: Job[],
  signal: AbortSignal,
): Promise<string> {
  const logs: string[] = [];
  for (const job of jobs.filter((entry) => stateOf(entry) === 'failed')) {
    logs.push(`== ${job.name}\n${(await readLog(client, repository, String(job.id), signal)) ?? job.conclusion}`);
  }
  return tail(logs.join('\n'));
}

function late(repository: ForgeRepository, run: WorkflowRun): AppError {
  return new AppError({
    code: 'timeout',
    message: `the workflow ${run.workflow} of ${slug(repository)} has not ended in time: ${run.url}`,
    userMessage: `The workflow ${run.workflow} has not ended in time. Look at ${run.url}, then resume: the same run is followed.`,
    details: { url: run.url },
  });
}
