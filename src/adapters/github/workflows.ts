import * as z from 'zod';
import type { Forge, ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { WorkflowRun } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { isUncertain, statusOf, wordsOf } from './errors.ts';
import { place, slug } from './places.ts';
import { followRun } from './workflow-follow.ts';

type Request = Parameters<Forge['runWorkflow']>[1];

const Runs = z.object({ workflow_runs: z.array(z.object({ id: z.int() })) });
const Workflow = z.object({ state: z.string() });

/** Looks for the run of a dispatch, with growing pauses: it appears some seconds after GitHub has taken the dispatch. */
const LOOKS = 8;
const DISPATCH_ATTEMPTS = 3;

export async function workflowRuns(
  client: GithubClient,
  repository: ForgeRepository,
  workflow: string,
  ref: string,
  signal: AbortSignal,
): Promise<string[]> {
  const doing = `reading the runs of the workflow ${workflow} in ${slug(repository)}`;
  try {
    const answer = await client.call({ doing, kind: 'read', schema: Runs }, signal, (octokit, options) =>
      octokit.rest.actions.listWorkflowRuns({
        ...place(repository),
        workflow_id: workflow,
        branch: ref,
        event: 'workflow_dispatch',
        per_page: 100,
        ...options,
      }),
    );
    return answer.workflow_runs.map((run) => String(run.id));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
    throw unusable(repository, workflow, 'is not there', `Commit .github/workflows/${workflow}`, error);
  }
}

export async function runWorkflow(
  client: GithubClient,
  repository: ForgeRepository,
  request: Request,
  onChange: (run: WorkflowRun) => void,
  signal: AbortSignal,
): Promise<WorkflowRun> {
  const deadline = client.clock.now() + request.deadlineMs;
  const find = async (): Promise<string | null> => {
    const runs = await workflowRuns(client, repository, request.workflow, request.ref, signal);
    // The oldest of those that are new: a later one is somebody else's.
    return runs.findLast((id) => !request.known.includes(id)) ?? null;
  };
  const id = (await find()) ?? (await start(client, repository, request, deadline, find, signal));
  return followRun(client, repository, { id, workflow: request.workflow, deadline }, onChange, signal);
}

async function start(
  client: GithubClient,
  repository: ForgeRepository,
  request: Request,
  deadline: number,
  find: () => Promise<string | null>,
  signal: AbortSignal,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const lost = await dispatch(client, repository, request, signal);
    for (let look = 1; look <= LOOKS; look += 1) {
      const id = await find();
      if (id !== null) return id;
      if (client.clock.now() >= deadline) throw noRun(repository, request.workflow);
      await client.clock.sleep(client.pollMs * Math.min(look, 4), signal);
    }
    // A dispatch that GitHub has taken brings a run, late at times; only one that may not have arrived is sent again.
    if (lost === null) throw noRun(repository, request.workflow);
    if (attempt === DISPATCH_ATTEMPTS) throw lost;
  }
}

/** Null when GitHub took it; the failure when nobody knows. */
async function dispatch(
  client: GithubClient,
  repository: ForgeRepository,
  { workflow, ref, inputs }: Request,
  signal: AbortSignal,
): Promise<AppError | null> {
  const doing = `starting the workflow ${workflow} in ${slug(repository)}`;
  try {
    await client.call({ doing, kind: 'write', schema: z.unknown() }, signal, (octokit, options) =>
      octokit.rest.actions.createWorkflowDispatch({
        ...place(repository),
        workflow_id: workflow,
        ref,
        inputs,
        // A second dispatch would be a second run.
        request: { ...options.request, retries: 0 },
      }),
    );
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (isUncertain(error)) return error;
    throw await explained(client, repository, workflow, ref, error, signal);
  }
}

async function explained(
  client: GithubClient,
  repository: ForgeRepository,
  workflow: string,
  ref: string,
  error: AppError,
  signal: AbortSignal,
): Promise<AppError> {
  if (error.code === 'not_found') {
    return unusable(repository, workflow, 'is not there', `Commit .github/workflows/${workflow}`, error);
  }
  if (error.code !== 'forge_failed') return error;
  const said = wordsOf(error);
  if (/workflow_dispatch/.test(said)) {
    const what = `Add "on: workflow_dispatch" to .github/workflows/${workflow} on the branch ${ref}`;
    return unusable(repository, workflow, 'cannot be started from outside', what, error);
  }
  const state = await stateOf(client, repository, workflow, signal);
  if (state?.startsWith('disabled') === true) {
    return unusable(repository, workflow, 'is turned off', 'Enable it on the Actions page', error);
  }
  return unusable(repository, workflow, `was not started on ${ref}: ${said}`, 'Mend the workflow or its inputs', error);
}

async function stateOf(
  client: GithubClient,
  repository: ForgeRepository,
  workflow: string,
  signal: AbortSignal,
): Promise<string | null> {
  const request = { doing: `reading the workflow ${workflow}`, kind: 'read', schema: Workflow } as const;
  try {
    const found = await client.call(request, signal, (octokit, options) =>
      octokit.rest.actions.getWorkflow({ ...place(repository), workflow_id: workflow, ...options }),
    );
    return found.state;
  } catch (error) {
    if (statusOf(error) === 404) return null;
    throw error;
  }
}

function unusable(repository: ForgeRepository, workflow: string, why: string, what: string, cause: AppError): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `Workflow ${workflow} of ${slug(repository)} ${why}: ${cause.message}`,
    userMessage: `The workflow ${workflow} of ${slug(repository)} ${why}. ${what}, or set remote.workflow to another one.`,
    cause,
    details: { status: statusOf(cause), reason: 'workflow' },
  });
}

function noRun(repository: ForgeRepository, workflow: string): AppError {
  return new AppError({
    code: 'timeout',
    message: `GitHub took the dispatch of ${workflow} in ${slug(repository)}, and no run appeared`,
    userMessage: `GitHub has not begun a run of the workflow ${workflow}. Look at ${repository.webUrl}/actions, then resume.`,
  });
}
