import * as z from 'zod';
import type { Account } from './accounts.ts';
import { mutationRoot } from './graphql-mutations.ts';
import { canSee, pullObject, repositoryObject } from './graphql-objects.ts';
import { type Document, parseDocument } from './graphql-parse.ts';
import { GraphqlError, type Resolved, runOperation } from './graphql-run.ts';
import { ApiError, type Call, type Reply, type Route, reply } from './http.ts';
import { nodeId } from './shapes-repository.ts';
import { same } from './state.ts';
import type { World } from './world.ts';

const Query = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/** Always 200, errors included, as GitHub answers; only a body without a query is refused. */
async function answerGraphql(world: World, call: Call): Promise<Reply> {
  const body = Query.safeParse(call.body);
  if (!body.success) throw new ApiError(400, 'A query attribute must be specified and must be a string.');
  let document: Document;
  try {
    document = parseDocument(body.data.query);
  } catch (error) {
    return reply(200, { errors: [{ message: error instanceof Error ? error.message : String(error) }] });
  }
  const wanted = body.data.operationName ?? null;
  const operation = document.operations.find(({ name }) => wanted === null || name === wanted);
  if (operation === undefined) return reply(200, { errors: [{ message: `No operation named ${wanted ?? ''}` }] });
  const root = operation.kind === 'query' ? queryRoot(world, call.user) : mutationRoot(world, call.user);
  return reply(200, await runOperation(document, operation, root, body.data.variables ?? {}));
}

function queryRoot(world: World, user: Account): Resolved {
  return {
    type: 'Query',
    fields: {
      viewer: () => ({
        type: 'User',
        fields: {
          login: () => user.login,
          id: () => nodeId('User', world.store.account(user.login, 'User').id),
        },
      }),
      repository: ({ owner, name }) => {
        const repo = world.store.findRepo(String(owner), String(name));
        if (repo !== undefined && canSee(world, repo, user)) return repositoryObject(world, repo);
        const place = `${String(owner)}/${String(name)}`;
        throw new GraphqlError(`Could not resolve to a Repository with the name '${place}'.`, 'NOT_FOUND');
      },
      node: ({ id }) => nodeOf(world, user, String(id)),
      rateLimit: () => ({ type: 'RateLimit', fields: { limit: () => 5000, cost: () => 1, remaining: () => 4999 } }),
    },
  };
}

function nodeOf(world: World, user: Account, id: string): Resolved {
  const { pulls, repos } = world.store.state;
  const pull = pulls.find((entry) => nodeId('PullRequest', entry.id) === id);
  const repo = repos.find((entry) => entry.id === pull?.repoId || nodeId('Repository', entry.id) === id);
  if (repo === undefined || !canSee(world, repo, user)) {
    throw new GraphqlError(`Could not resolve to a node with the global id of '${id}'`, 'NOT_FOUND');
  }
  return pull === undefined || same(id, nodeId('Repository', repo.id))
    ? repositoryObject(world, repo)
    : pullObject(world, repo, pull);
}

export const graphqlRoutes = (world: World): Route[] => [
  { method: 'POST', path: '/graphql', access: 'read', handle: (call) => answerGraphql(world, call) },
];
