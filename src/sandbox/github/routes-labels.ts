import * as z from 'zod';
import { ApiError, type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { labelsOf } from './pulls.ts';
import { repoOf } from './routes-repos.ts';
import { labelJson } from './shapes.ts';
import { type Thread, threadOf } from './shapes-issues.ts';
import { same } from './state.ts';
import type { Label, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const NewLabel = z.object({
  name: z.string().min(1),
  color: z
    .string()
    .regex(/^[0-9a-f]{6}$/i)
    .default('ededed'),
  description: z.string().nullish(),
});
const LabelNames = z
  .union([z.array(z.string().min(1)), z.object({ labels: z.array(z.string().min(1)) })])
  .transform((value) => (Array.isArray(value) ? value : value.labels));

const findLabel = (world: World, repo: Repo, name: string): Label | undefined =>
  world.store.state.labels.find((label) => label.repoId === repo.id && same(label.name, name));

/** GitHub makes a label that an issue is given and that is not there. */
export function ensureLabel(
  world: World,
  repo: Repo,
  name: string,
  color = 'ededed',
  description: string | null = null,
): Label {
  const known = findLabel(world, repo, name);
  if (known !== undefined) return known;
  const label: Label = { id: world.store.nextId(), repoId: repo.id, name, color, description };
  world.store.state.labels.push(label);
  return label;
}

function labelsReply(world: World, repo: Repo, thread: Thread): Reply {
  return reply(
    200,
    labelsOf(world, repo, thread.labels).map((label) => labelJson(world, repo, label)),
  );
}

function setLabels(world: World, call: Call, keep: boolean): Reply {
  const repo = repoOf(world, call);
  const thread = threadOf(world, repo, call);
  const names = parseBody(LabelNames, call.body, 'Label');
  const added = names.map((name) => ensureLabel(world, repo, name).name);
  thread.labels = [...new Set([...(keep ? thread.labels : []), ...added])];
  thread.updatedAt = timestamp(world.clock);
  world.store.save();
  return labelsReply(world, repo, thread);
}

function removeLabel(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const thread = threadOf(world, repo, call);
  const kept = thread.labels.filter((name) => !same(name, call.params.name ?? ''));
  if (kept.length === thread.labels.length) throw new ApiError(404, 'Label does not exist');
  thread.labels = kept;
  world.store.save();
  return labelsReply(world, repo, thread);
}

function createLabel(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const wanted = parseBody(NewLabel, call.body, 'Label');
  if (findLabel(world, repo, wanted.name) !== undefined) {
    throw new ApiError(422, 'Validation Failed', [{ resource: 'Label', code: 'already_exists', field: 'name' }]);
  }
  const label = ensureLabel(world, repo, wanted.name, wanted.color, wanted.description ?? null);
  world.store.save();
  const json = labelJson(world, repo, label);
  return reply(201, json, { location: json.url });
}

function listLabels(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const page = paginate(
    call,
    world.store.state.labels.filter((label) => label.repoId === repo.id),
  );
  return reply(
    200,
    page.items.map((label) => labelJson(world, repo, label)),
    page.headers,
  );
}

export function labelRoutes(world: World): Route[] {
  const repository = '/repos/:owner/:repo';
  const ofIssue = `${repository}/issues/:number/labels`;
  return [
    {
      method: 'GET',
      path: ofIssue,
      handle: (call) => {
        const repo = repoOf(world, call);
        return labelsReply(world, repo, threadOf(world, repo, call));
      },
    },
    { method: 'POST', path: ofIssue, access: 'push', handle: (call) => setLabels(world, call, true) },
    { method: 'PUT', path: ofIssue, access: 'push', handle: (call) => setLabels(world, call, false) },
    { method: 'DELETE', path: `${ofIssue}/:name`, access: 'push', handle: (call) => removeLabel(world, call) },
    { method: 'GET', path: `${repository}/labels`, handle: (call) => listLabels(world, call) },
    { method: 'POST', path: `${repository}/labels`, handle: (call) => createLabel(world, call) },
    {
      method: 'GET',
      path: `${repository}/labels/:name`,
      handle: (call) => {
        const repo = repoOf(world, call);
        const label = findLabel(world, repo, call.params.name ?? '');
        if (label === undefined) throw notFound();
        return reply(200, labelJson(world, repo, label));
      },
    },
  ];
}
