import * as z from 'zod';
import { ApiError, type Call, invalid, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { closePull } from './pulls.ts';
import { ensureLabel } from './routes-labels.ts';
import { repoOf } from './routes-repos.ts';
import { isPull, issueJson, type Thread, threadOf, threadsOf } from './shapes-issues.ts';
import { repoApi } from './shapes-repository.ts';
import { same } from './state.ts';
import type { Issue, Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

const LabelInput = z
  .union([z.string().min(1), z.object({ name: z.string().min(1) })])
  .transform((label) => (typeof label === 'string' ? label : label.name));
const NewIssue = z.object({
  title: z.union([z.string().min(1), z.int().transform(String)]),
  body: z.string().nullish(),
  labels: z.array(LabelInput).default([]),
  assignees: z.array(z.string()).default([]),
});

function mayTriage(world: World, repo: Repo, call: Call): boolean {
  const role = world.accounts.role(repo, call.user.login);
  return role === 'admin' || role === 'write';
}

function createIssue(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const wanted = parseBody(NewIssue, call.body, 'Issue');
  const { store } = world;
  const now = timestamp(world.clock);
  // GitHub drops labels and assignees of people who may not set them, without a word.
  const triages = mayTriage(world, repo, call);
  const unknown = wanted.assignees.find((login) => !store.state.owners.some((owner) => same(owner.login, login)));
  if (triages && unknown !== undefined) throw invalid('Issue', { field: 'assignees', code: 'invalid', value: unknown });
  repo.lastNumber += 1;
  const issue: Issue = {
    id: store.nextId(),
    repoId: repo.id,
    number: repo.lastNumber,
    title: wanted.title,
    body: wanted.body ?? null,
    state: 'open',
    stateReason: null,
    login: call.user.login,
    labels: triages ? wanted.labels.map((name) => ensureLabel(world, repo, name).name) : [],
    assignees: triages ? wanted.assignees : [],
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
  };
  store.state.issues.push(issue);
  store.save();
  return reply(201, issueJson(world, repo, issue), { location: `${repoApi(world, repo)}/issues/${issue.number}` });
}

const ListQuery = z.object({
  state: z.enum(['open', 'closed', 'all']).catch('open'),
  labels: z.string().default(''),
  since: z.iso.datetime({ offset: true }).optional(),
  creator: z.string().optional(),
  assignee: z.string().optional(),
  sort: z.enum(['created', 'updated', 'comments']).catch('created'),
  direction: z.enum(['asc', 'desc']).catch('desc'),
});

function listIssues(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const query = parseBody(ListQuery, Object.fromEntries(call.query), 'Issue');
  const labels = query.labels.split(',').filter((label) => label !== '');
  const since = query.since === undefined ? 0 : Date.parse(query.since);
  const hasAssignee = (thread: Thread): boolean => {
    if (query.assignee === undefined || query.assignee === '*')
      return query.assignee !== '*' || thread.assignees.length > 0;
    return query.assignee === 'none' ? thread.assignees.length === 0 : thread.assignees.includes(query.assignee);
  };
  const found = threadsOf(world, repo).filter(
    (thread) =>
      (query.state === 'all' || thread.state === query.state) &&
      labels.every((label) => thread.labels.some((name) => same(name, label))) &&
      Date.parse(thread.updatedAt) >= since &&
      (query.creator === undefined || same(query.creator, thread.login)) &&
      hasAssignee(thread),
  );
  const key = (thread: Thread): string => (query.sort === 'updated' ? thread.updatedAt : thread.createdAt);
  found.sort((a, b) => (key(a).localeCompare(key(b)) || a.number - b.number) * (query.direction === 'asc' ? 1 : -1));
  const page = paginate(call, found);
  return reply(
    200,
    page.items.map((thread) => issueJson(world, repo, thread)),
    page.headers,
  );
}

const IssuePatch = z.object({
  title: z.string().min(1).optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
  state_reason: z.enum(['completed', 'not_planned', 'reopened']).nullish(),
  labels: z.array(LabelInput).optional(),
  assignees: z.array(z.string()).optional(),
});

function patchIssue(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const thread = threadOf(world, repo, call);
  const patch = parseBody(IssuePatch, call.body, 'Issue');
  if (!mayTriage(world, repo, call) && !same(thread.login, call.user.login)) {
    throw new ApiError(403, 'Must have admin rights to Repository.');
  }
  const now = timestamp(world.clock);
  if (patch.state !== undefined && patch.state !== thread.state) changeState(thread, patch, call.user.login, now);
  if (patch.title !== undefined) thread.title = patch.title;
  if (patch.body !== undefined) thread.body = patch.body;
  if (patch.labels !== undefined) thread.labels = patch.labels.map((name) => ensureLabel(world, repo, name).name);
  if (patch.assignees !== undefined) thread.assignees = patch.assignees;
  thread.updatedAt = now;
  world.store.save();
  return reply(200, issueJson(world, repo, thread));
}

function changeState(thread: Thread, patch: z.infer<typeof IssuePatch>, login: string, now: string): void {
  const isOpen = patch.state === 'open';
  if (isPull(thread)) {
    if (thread.mergedAt !== null) throw invalid('Issue', { field: 'state', code: 'invalid' });
    if (!isOpen) closePull(thread, now);
    else Object.assign(thread, { state: 'open', closedAt: null });
    return;
  }
  thread.state = isOpen ? 'open' : 'closed';
  thread.stateReason = isOpen ? 'reopened' : (patch.state_reason ?? 'completed');
  thread.closedAt = isOpen ? null : now;
  thread.closedBy = isOpen ? null : login;
}

export function issueRoutes(world: World): Route[] {
  const issues = '/repos/:owner/:repo/issues';
  return [
    { method: 'GET', path: issues, handle: (call) => listIssues(world, call) },
    { method: 'POST', path: issues, access: 'read', handle: (call) => createIssue(world, call) },
    {
      method: 'GET',
      path: `${issues}/:number`,
      handle: (call) => {
        const repo = repoOf(world, call);
        return reply(200, issueJson(world, repo, threadOf(world, repo, call)));
      },
    },
    { method: 'PATCH', path: `${issues}/:number`, access: 'read', handle: (call) => patchIssue(world, call) },
  ];
}
