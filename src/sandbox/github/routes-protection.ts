import type { RestEndpointMethodTypes } from '@octokit/rest';
import * as z from 'zod';
import { branchTip } from './git.ts';
import { ApiError, type Call, paginate, parseBody, type Reply, type Route, reply } from './http.ts';
import { protectionOf, rulesOf } from './requirements.ts';
import { repoOf } from './routes-repos.ts';
import { repoApi } from './shapes-repository.ts';
import type { Protection, Repo } from './state-schema.ts';
import type { World } from './world.ts';

type ProtectionJson = RestEndpointMethodTypes['repos']['getBranchProtection']['response']['data'];

const NewProtection = z.object({
  required_status_checks: z
    .object({
      strict: z.boolean(),
      contexts: z.array(z.string()).default([]),
      checks: z.array(z.object({ context: z.string(), app_id: z.int().nullish() })).default([]),
    })
    .nullable(),
  enforce_admins: z.boolean().nullable(),
  required_pull_request_reviews: z
    .object({
      dismiss_stale_reviews: z.boolean().default(false),
      require_code_owner_reviews: z.boolean().default(false),
      required_approving_review_count: z.int().min(0).max(6).default(1),
      require_last_push_approval: z.boolean().default(false),
    })
    .nullable(),
  /** Who may push; the stand-in knows only "everyone with the right". */
  restrictions: z.null(),
  required_linear_history: z.boolean().default(false),
  allow_force_pushes: z.boolean().nullable().default(false),
  allow_deletions: z.boolean().default(false),
  required_conversation_resolution: z.boolean().default(false),
});

const REQUIRED = ['required_status_checks', 'enforce_admins', 'required_pull_request_reviews', 'restrictions'] as const;

async function protectedBranch(world: World, call: Call): Promise<{ repo: Repo; branch: string }> {
  const repo = repoOf(world, call);
  const branch = call.params.branch ?? '';
  if ((await branchTip(world.git, world.store.repoDir(repo), branch)) === null) {
    throw new ApiError(404, 'Branch not found');
  }
  return { repo, branch };
}

async function putProtection(world: World, call: Call): Promise<Reply> {
  const { repo, branch } = await protectedBranch(world, call);
  const missing = REQUIRED.filter((name) => !Object.hasOwn(Object(call.body), name));
  if (missing.length > 0) {
    const texts = missing.map((name) => `"${name}" wasn't supplied.`).join('\n');
    throw new ApiError(422, `Invalid request.\n\n${texts}`);
  }
  const body = parseBody(NewProtection, call.body, 'ProtectedBranch');
  const wanted = body.required_status_checks;
  const named = wanted?.checks.map(({ context, app_id }) => ({ context, appId: app_id ?? null })) ?? [];
  const loose = wanted?.contexts.map((context) => ({ context, appId: null })) ?? [];
  const reviews = body.required_pull_request_reviews;
  const protection: Protection = {
    repoId: repo.id,
    branch,
    statusChecks: wanted === null ? null : { strict: wanted.strict, checks: named.length > 0 ? named : loose },
    reviews:
      reviews === null
        ? null
        : {
            count: reviews.required_approving_review_count,
            dismissStale: reviews.dismiss_stale_reviews,
            codeOwners: reviews.require_code_owner_reviews,
            lastPush: reviews.require_last_push_approval,
          },
    enforceAdmins: body.enforce_admins ?? false,
    linearHistory: body.required_linear_history,
    forcePushes: body.allow_force_pushes ?? false,
    deletions: body.allow_deletions,
    conversations: body.required_conversation_resolution,
  };
  removeProtection(world, repo, branch);
  world.store.state.protections.push(protection);
  world.store.save();
  return reply(200, protectionJson(world, repo, protection));
}

function removeProtection(world: World, repo: Repo, branch: string): void {
  const { state } = world.store;
  state.protections = state.protections.filter((entry) => entry.repoId !== repo.id || entry.branch !== branch);
}

async function getProtection(world: World, call: Call): Promise<Reply> {
  const { repo, branch } = await protectedBranch(world, call);
  const protection = protectionOf(world, repo, branch);
  if (protection === undefined) throw new ApiError(404, 'Branch not protected');
  return reply(200, protectionJson(world, repo, protection));
}

async function deleteProtection(world: World, call: Call): Promise<Reply> {
  const { repo, branch } = await protectedBranch(world, call);
  if (protectionOf(world, repo, branch) === undefined) throw new ApiError(404, 'Branch not protected');
  removeProtection(world, repo, branch);
  world.store.save();
  return reply(204, undefined);
}

function protectionJson(world: World, repo: Repo, protection: Protection): ProtectionJson {
  const url = `${repoApi(world, repo)}/branches/${encodeURIComponent(protection.branch)}/protection`;
  const { statusChecks, reviews } = protection;
  return {
    url,
    ...(statusChecks === null
      ? {}
      : {
          required_status_checks: {
            url: `${url}/required_status_checks`,
            strict: statusChecks.strict,
            contexts: statusChecks.checks.map(({ context }) => context),
            contexts_url: `${url}/required_status_checks/contexts`,
            checks: statusChecks.checks.map(({ context, appId }) => ({ context, app_id: appId })),
          },
        }),
    ...(reviews === null
      ? {}
      : {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: reviews.dismissStale,
            require_code_owner_reviews: reviews.codeOwners,
            require_last_push_approval: reviews.lastPush,
            required_approving_review_count: reviews.count,
          },
        }),
    required_signatures: { url: `${url}/required_signatures`, enabled: false },
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    required_linear_history: { enabled: protection.linearHistory },
    allow_force_pushes: { enabled: protection.forcePushes },
    allow_deletions: { enabled: protection.deletions },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: protection.conversations },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  };
}

/** What rulesets demand of a branch; protection is not among it. A branch that is not there has no rules. */
function listRules(world: World, call: Call): Reply {
  const repo = repoOf(world, call);
  const rules = rulesOf(world, repo, call.params.branch ?? '').map(({ type, parameters }) => ({
    type,
    parameters,
    ruleset_source_type: 'Repository',
    ruleset_source: `${repo.owner}/${repo.name}`,
    ruleset_id: repo.id,
  }));
  const page = paginate(call, rules);
  return reply(200, page.items, page.headers);
}

/** `{branch}` may be written with slashes escaped, as clients do. */
export function protectionRoutes(world: World): Route[] {
  const path = '/repos/:owner/:repo/branches/:branch/protection';
  return [
    { method: 'GET', path, access: 'admin', handle: (call) => getProtection(world, call) },
    { method: 'PUT', path, access: 'admin', handle: (call) => putProtection(world, call) },
    { method: 'DELETE', path, access: 'admin', handle: (call) => deleteProtection(world, call) },
    { method: 'GET', path: '/repos/:owner/:repo/rules/branches/*branch', handle: (call) => listRules(world, call) },
  ];
}
