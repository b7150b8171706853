import * as z from 'zod';
import { type Call, notFound, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { issueJson, labelsOf, pullOf } from './pulls.ts';
import { repoOf } from './routes-repos.ts';
import { commentJson, labelJson } from './shapes.ts';
import { type Comment, type Label, type Pull, type Repo, same, USER_LOGIN } from './state.ts';
import { timestamp } from './timestamp.ts';
import type { World } from './world.ts';

/** Every issue of the stand-in is a pull request, which GitHub serves as an issue too. */

const CommentBody = z.object({ body: z.string().min(1) });

function listComments(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const { number } = pullOf(world, repo, call);
  const comments = world.store.state.comments.filter((entry) => entry.repoId === repo.id && entry.number === number);
  const page = paginate(call, comments);
  const user = world.store.owner(USER_LOGIN);
  return reply(
    200,
    page.items.map((comment) => commentJson(world, repo, comment, user)),
    page.headers,
  );
}

function addComment(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const { number } = pullOf(world, repo, call);
  const { body } = parseBody(CommentBody, call.body, 'IssueComment');
  const now = timestamp(world.clock);
  const comment: Comment = {
    id: world.store.nextId(),
    repoId: repo.id,
    number,
    body,
    createdAt: now,
    updatedAt: now,
  };
  world.store.state.comments.push(comment);
  world.store.save();
  return reply(201, commentJson(world, repo, comment, world.store.owner(USER_LOGIN)));
}

function patchComment(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const id = Number(call.params.id);
  const comment = world.store.state.comments.find((entry) => entry.repoId === repo.id && entry.id === id);
  if (comment === undefined) throw notFound();
  comment.body = parseBody(CommentBody, call.body, 'IssueComment').body;
  comment.updatedAt = timestamp(world.clock);
  world.store.save();
  return reply(200, commentJson(world, repo, comment, world.store.owner(USER_LOGIN)));
}

const NewLabel = z.object({
  name: z.string().min(1),
  color: z
    .string()
    .regex(/^[0-9a-f]{6}$/i)
    .default('ededed'),
});
const LabelNames = z
  .union([z.array(z.string().min(1)), z.object({ labels: z.array(z.string().min(1)) })])
  .transform((value) => (Array.isArray(value) ? value : value.labels));

function ensureLabel(world: World, repo: Repo, name: string, color: string): Label {
  const { state } = world.store;
  const known = state.labels.find((label) => label.repoId === repo.id && same(label.name, name));
  if (known !== undefined) return known;
  const label: Label = { id: world.store.nextId(), repoId: repo.id, name, color };
  state.labels.push(label);
  return label;
}

function labelsReply(world: World, repo: Repo, pull: Pull): Reply {
  return reply(
    200,
    labelsOf(world, repo, pull).map((label) => labelJson(world, repo, label)),
  );
}

function setLabels(world: World, call: Call, keep: boolean): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const names = parseBody(LabelNames, call.body, 'Label');
  const added = names.map((name) => ensureLabel(world, repo, name, 'ededed').name);
  pull.labels = [...new Set([...(keep ? pull.labels : []), ...added])];
  pull.updatedAt = timestamp(world.clock);
  world.store.save();
  return labelsReply(world, repo, pull);
}

function removeLabel(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const pull = pullOf(world, repo, call);
  const kept = pull.labels.filter((name) => !same(name, call.params.name ?? ''));
  if (kept.length === pull.labels.length) throw notFound();
  pull.labels = kept;
  world.store.save();
  return labelsReply(world, repo, pull);
}

export function issueRoutes(world: World): Route[] {
  const repo = '/repos/:owner/:repo';
  const issue = `${repo}/issues/:number`;
  return [
    {
      method: 'GET',
      path: issue,
      handle: (call) => {
        const found = repoOf(world, call);
        return reply(200, issueJson(world, found, pullOf(world, found, call)));
      },
    },
    { method: 'GET', path: `${issue}/comments`, handle: (call) => listComments(world, call) },
    { method: 'POST', path: `${issue}/comments`, handle: (call) => addComment(world, call) },
    { method: 'PATCH', path: `${repo}/issues/comments/:id`, handle: (call) => patchComment(world, call) },
    {
      method: 'GET',
      path: `${issue}/labels`,
      handle: (call) => {
        const found = repoOf(world, call);
        return labelsReply(world, found, pullOf(world, found, call));
      },
    },
    { method: 'POST', path: `${issue}/labels`, handle: (call) => setLabels(world, call, true) },
    { method: 'PUT', path: `${issue}/labels`, handle: (call) => setLabels(world, call, false) },
    { method: 'DELETE', path: `${issue}/labels/:name`, handle: (call) => removeLabel(world, call) },
    {
      method: 'GET',
      path: `${repo}/labels`,
      handle: (call) => {
        const found = repoOf(world, call);
        const labels = world.store.state.labels.filter((label) => label.repoId === found.id);
        const page = paginate(call, labels);
        return reply(
          200,
          page.items.map((label) => labelJson(world, found, label)),
          page.headers,
        );
      },
    },
    {
      method: 'POST',
      path: `${repo}/labels`,
      handle: (call) => {
        const found = repoOf(world, call);
        const wanted = parseBody(NewLabel, call.body, 'Label');
        const label = ensureLabel(world, found, wanted.name, wanted.color);
        world.store.save();
        return reply(201, labelJson(world, found, label));
      },
    },
  ];
}
