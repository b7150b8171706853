import * as z from 'zod';
import { branchTip, readCommit, resolveCommit } from './git.ts';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { repoOf } from './routes-repos.ts';
import { runJson, workflowJson } from './shapes-actions.ts';
import type { Workflow, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { ensureWorkflow } from './workflow-runs.ts';
import { readWorkflows, type WorkflowInput, type WorkflowSource, workflowName } from './workflows.ts';
import type { World } from './world.ts';

interface Known {
  workflow: Workflow;
  source: WorkflowSource;
}

/** The workflows of the default branch. */
async function workflowsOf(world: World, repo: Repo): Promise<Known[]> {
  const repoDir = world.store.repoDir(repo);
  const tip = await branchTip(world.git, repoDir, repo.defaultBranch);
  if (tip === null) return [];
  const known = (await readWorkflows(world.git, repoDir, tip)).map((source) => ({
    workflow: ensureWorkflow(world.store, world.clock, repo, source.path),
    source,
  }));
  world.store.save();
  return known;
}

/** By id or by the name of the file, as every route of a workflow takes it. */
async function workflowOf(world: World, repo: Repo, call: Call): Promise<Known> {
  const wanted = call.params.id ?? '';
  const found = (await workflowsOf(world, repo)).find(
    ({ workflow }) => String(workflow.id) === wanted || workflow.path === `.github/workflows/${wanted}`,
  );
  if (found === undefined) throw notFound();
  return found;
}

async function listWorkflows(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const known = await workflowsOf(world, repo);
  const page = paginate(call, known);
  const workflows = page.items.map(({ workflow, source }) => workflowJson(world, repo, workflow, workflowName(source)));
  return reply(200, { total_count: known.length, workflows }, page.headers);
}

const Dispatch = z.object({
  ref: z.string().min(1),
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
});

async function dispatchWorkflow(world: World, call: Call): Promise<Reply> {
  const repo = repoOf(world, call);
  const body = Dispatch.safeParse(call.body ?? {});
  if (!body.success) throw new ApiError(422, 'Invalid request.\n\n"ref" wasn\'t supplied.');
  const known = await workflowOf(world, repo, call);
  const repoDir = world.store.repoDir(repo);
  const { ref, inputs } = body.data;
  const branch = ref.replace(/^refs\/heads\//, '');
  const sha = await resolveCommit(world.git, repoDir, branch);
  if (sha === null) throw new ApiError(422, `No ref found for: ${ref}`);
  // What runs is the file of that branch, not that of the default one.
  const source = (await readWorkflows(world.git, repoDir, sha)).find(({ path }) => path === known.workflow.path);
  if (source?.definition === null) {
    throw new ApiError(422, `failed to parse workflow: ${source.problem ?? 'it is no workflow'}`);
  }
  const trigger = source?.definition.on.workflow_dispatch;
  if (source === undefined || trigger === undefined) {
    throw new ApiError(422, "Workflow does not have 'workflow_dispatch' trigger");
  }
  const given = checkedInputs(trigger.inputs, inputs);
  const title = workflowName(source);
  const start = { event: 'workflow_dispatch', branch, sha, login: call.user.login, title, inputs: given };
  world.checks.dispatch(repo, source, start);
  return reply(204, undefined);
}

function checkedInputs(declared: Record<string, WorkflowInput>, given: Record<string, string>): Record<string, string> {
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(declared, name));
  if (unexpected.length > 0) {
    throw new ApiError(422, `Unexpected inputs provided: ${JSON.stringify(unexpected)}`);
  }
  const inputs: Record<string, string> = {};
  for (const [name, input] of Object.entries(declared)) {
    const value = given[name] ?? input.default;
    if (value === undefined || value === '') {
      if (input.required) throw new ApiError(422, `Required input '${name}' not provided`);
      continue;
    }
    if (input.type === 'choice' && input.options?.includes(value) === false) {
      throw new ApiError(422, `Provided value '${value}' for input '${name}' not in the list of allowed values`);
    }
    inputs[name] = value;
  }
  return inputs;
}

const RunQuery = z.object({
  event: z.string().optional(),
  branch: z.string().optional(),
  actor: z.string().optional(),
  head_sha: z.string().optional(),
  status: z.string().optional(),
  created: z.string().default('*'),
});

async function listRuns(world: World, call: Call, ofWorkflow: boolean): Promise<Reply> {
  const repo = repoOf(world, call);
  const query = parseBody(RunQuery, Object.fromEntries(call.query), 'WorkflowRun');
  const workflowId = ofWorkflow ? (await workflowOf(world, repo, call)).workflow.id : null;
  const runs = world.store.state.workflowRuns
    .filter(
      (run) =>
        run.repoId === repo.id &&
        (workflowId === null || run.workflowId === workflowId) &&
        (query.event === undefined || run.event === query.event) &&
        (query.branch === undefined || run.branch === query.branch) &&
        (query.actor === undefined || run.login === query.actor) &&
        (query.head_sha === undefined || run.sha === query.head_sha) &&
        (query.status === undefined || run.status === query.status || run.conclusion === query.status) &&
        isCreated(run.createdAt, query.created),
    )
    .reverse();
  const page = paginate(call, runs);
  const items = await Promise.all(page.items.map((run) => fullRunJson(world, repo, run)));
  return reply(200, { total_count: runs.length, workflow_runs: items }, page.headers);
}

/** GitHub's search of dates: `>=2026-01-31T12:00:00Z`, `2026-01-01..2026-01-31`, `2026-01-31`. */
function isCreated(at: string, wanted: string): boolean {
  const time = Date.parse(at);
  const [, sign = '', first = '', last] = /^(>=|<=|>|<)?([^.]+)(?:\.\.(.+))?$/.exec(wanted) ?? [];
  const startMs = first === '*' ? Number.NEGATIVE_INFINITY : Date.parse(first);
  // A day without a time is all of it.
  const endMs = (text: string): number =>
    text === '*' ? Number.POSITIVE_INFINITY : Date.parse(text) + (text.includes('T') ? 0 : 86_399_999);
  if (last !== undefined) return time >= startMs && time <= endMs(last);
  if (sign === '>') return time > startMs;
  if (sign === '>=') return time >= startMs;
  if (sign === '<') return time < startMs;
  return sign === '<=' ? time <= endMs(first) : time >= startMs && time <= endMs(first);
}

async function fullRunJson(world: World, repo: Repo, run: WorkflowRun) {
  return runJson(world, repo, run, await readCommit(world.git, world.store.repoDir(repo), run.sha));
}

export function runOf(world: World, repo: Repo, call: Call): WorkflowRun {
  const id = Number(call.params.id);
  const run = world.store.state.workflowRuns.find((entry) => entry.repoId === repo.id && entry.id === id);
  if (run === undefined) throw notFound();
  return run;
}

function cancelRun(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const run = runOf(world, repo, call);
  if (run.status === 'completed') throw new ApiError(409, 'Cannot cancel a workflow run that is completed.');
  world.checks.cancel(run);
  return reply(202, {});
}

export function actionRoutes(world: World): Route[] {
  const actions = '/repos/:owner/:repo/actions';
  const workflow = `${actions}/workflows/:id`;
  return [
    { method: 'GET', path: `${actions}/workflows`, handle: (call) => listWorkflows(world, call) },
    {
      method: 'GET',
      path: workflow,
      handle: async (call) => {
        const repo = repoOf(world, call);
        const known = await workflowOf(world, repo, call);
        return reply(200, workflowJson(world, repo, known.workflow, workflowName(known.source)));
      },
    },
    {
      method: 'POST',
      path: `${workflow}/dispatches`,
      access: 'push',
      handle: (call) => dispatchWorkflow(world, call),
    },
    { method: 'GET', path: `${workflow}/runs`, handle: (call) => listRuns(world, call, true) },
    { method: 'GET', path: `${actions}/runs`, handle: (call) => listRuns(world, call, false) },
    {
      method: 'GET',
      path: `${actions}/runs/:id`,
      handle: async (call) => {
        const repo = repoOf(world, call);
        return reply(200, await fullRunJson(world, repo, runOf(world, repo, call)));
      },
    },
    { method: 'POST', path: `${actions}/runs/:id/cancel`, access: 'push', handle: (call) => cancelRun(world, call) },
  ];
}
