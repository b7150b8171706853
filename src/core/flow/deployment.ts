import { AppError } from '../../protocol/errors.ts';
import type { LiveCheck, Plan } from '../../protocol/plan.ts';
import type { Deployment, LiveResult } from '../../protocol/work.ts';
import type { Ctx } from '../engine/port.ts';
import type { DeployedUrls } from '../ports.ts';
import { pausable } from './pause.ts';
import type { BuildInput } from './policy.ts';
import type { Services } from './services.ts';

/** Database, functions, sites, live check, in that order. Returns the live URL, or null when nothing has one. */
export async function deployStage(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  plan: Plan,
  repoDir: string,
  commit: string,
): Promise<string | null> {
  const needs = plan.deployment;
  const { files } = services;
  const sourceDir = files.join(services.runDir(ctx.rootRunId), 'export');
  const exportSource = async () => {
    await files.emptyDir(sourceDir);
    await services.repository.exportTree(repoDir, commit, sourceDir);
  };
  await pausable(ctx, 'export', async () => {
    await exportSource();
    return null;
  });

  const urls: Record<string, string> = {};
  if (needs.databaseId !== null) await deployDatabase(ctx, services, input, plan);
  for (const need of needs.functions) {
    const done = await deployOne(ctx, services, 'function', need.id, (known, signal) =>
      services.deployer.deployFunction(need, files.join(sourceDir, need.path), known, databaseVariables(plan), signal),
    );
    if (done.url !== null) urls[need.id] = done.url;
  }
  const functionIds = needs.functions.map((need) => need.id);
  const deployed = await pausable(ctx, 'urls', (s) => services.deployer.urls(functionIds, needs.databaseId, s.signal));
  for (const need of needs.sites) {
    const dir = files.join(sourceDir, need.path);
    const done = await deployOne(ctx, services, 'site', need.id, async (known, signal) => {
      if (need.settingsFile !== null) await files.writeText(files.join(dir, need.settingsFile), settingsText(deployed));
      return services.deployer.deploySite(need, dir, known, signal);
    });
    if (done.url !== null) urls[need.id] = done.url;
  }
  return verifyLive(ctx, services, input, plan, urls);
}

/** Functions learn the ids of their database from the environment; the address and key come from Appwrite itself. */
function databaseVariables(plan: Plan): Record<string, string> {
  return plan.deployment.databaseId === null ? {} : { APPWRITE_DATABASE_ID: plan.deployment.databaseId };
}

function settingsText(urls: DeployedUrls): string {
  return `${JSON.stringify(urls, null, 2)}\n`;
}

async function deployDatabase(ctx: Ctx, services: Services, input: BuildInput, plan: Plan): Promise<void> {
  const id = plan.deployment.databaseId ?? '';
  await ctx.publish('database-started', { type: 'deployment.started', kind: 'database', id });
  const deployment = await pausable(ctx, 'database', (s) =>
    services.deployer.applyDatabase(plan.deployment, input.brief.name, s.signal),
  );
  await ctx.publish('database-finished', { type: 'deployment.finished', deployment });
}

async function deployOne(
  ctx: Ctx,
  services: Services,
  kind: 'function' | 'site',
  id: string,
  deploy: (known: string[], signal: AbortSignal) => Promise<Deployment>,
): Promise<Deployment> {
  await ctx.publish(`${kind}-${id}-started`, { type: 'deployment.started', kind, id });
  // Recorded before the upload: a repeated upload step can tell its own earlier deployment from older ones.
  const known = await pausable(ctx, `${kind}-${id}-known`, (s) =>
    services.deployer.knownDeployments(kind, id, s.signal),
  );
  const deployment = await pausable(ctx, `${kind}-${id}`, (s) => deploy(known, s.signal));
  await ctx.publish(`${kind}-${id}-finished`, { type: 'deployment.finished', deployment });
  return deployment;
}

/** A plan without live checks still has its sites fetched. */
function liveChecks(plan: Plan): LiveCheck[] {
  if (plan.deployment.liveChecks.length > 0) return plan.deployment.liveChecks;
  return plan.deployment.sites.map((site) => ({
    target: site.id,
    method: 'GET' as const,
    path: '/',
    body: null,
    status: 200,
    contains: '',
  }));
}

async function verifyLive(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  plan: Plan,
  urls: Record<string, string>,
): Promise<string | null> {
  const first = plan.deployment.sites[0]?.id ?? plan.deployment.functions[0]?.id;
  const url = first === undefined ? null : (urls[first] ?? null);
  await pausable(ctx, 'live', async (s) => {
    const results: LiveResult[] = [];
    for (const check of liveChecks(plan)) {
      const base = urls[check.target];
      results.push(
        base === undefined
          ? unreachable(check)
          : await services.probe.check(base, check, input.policy.liveDeadlineMs, s.signal),
      );
    }
    s.emit(`verified-${s.attempt}-${services.clock.now()}`, { type: 'live.verified', results, url });
    const failed = results.filter((result) => !result.passed);
    if (failed.length > 0) {
      throw new AppError({
        code: 'live_check_failed',
        message: failed.map((result) => `${result.method} ${result.url}: ${result.detail}`).join('; '),
        userMessage: `The deployed application does not answer as planned: ${failed.map((r) => `${r.method} ${r.url}: ${r.detail}`).join('; ')}. Look at the deployment, then resume the run to check again.`,
      });
    }
    return null;
  });
  return url;
}

function unreachable(check: LiveCheck): LiveResult {
  return {
    url: check.path,
    method: check.method,
    status: null,
    passed: false,
    detail: `"${check.target}" has no public URL`,
    durationMs: 0,
  };
}
