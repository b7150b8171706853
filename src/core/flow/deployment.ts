import type { LiveCheck } from '../../protocol/deployment-needs.ts';
import { AppError } from '../../protocol/errors.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import type { Plan } from '../../protocol/plan.ts';
import type { Deployment, LiveResult } from '../../protocol/work.ts';
import type { Approval } from '../approval.ts';
import type { Ctx, StepContext } from '../engine/port.ts';
import type { DeployedUrls, DeploymentJournal, Place, PlaceRequest } from '../ports.ts';
import { applyAsAgreed, type Intended, previewed } from './agreed-changes.ts';
import type { Merged } from './commit.ts';
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
  { commit, project }: Merged,
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

  const intended = await previewed(ctx, services, input, plan, project);

  // The plan, the settings file and the live checks go by the ids of the plan; only the host knows the real ones.
  const urls: Record<string, string> = {};
  const functionIds: Record<string, string> = {};
  const databaseId =
    needs.databaseId === null ? null : await deployDatabase(ctx, services, input, plan, project, intended);
  const variables = databaseVariables(databaseId);
  for (const need of needs.functions) {
    const place = await findPlace(ctx, services, { kind: 'function', need }, project);
    functionIds[need.id] = place.id;
    const done = await deployOne(ctx, services, 'function', need.id, place, (known, signal, journal) =>
      services.deployer.deployFunction(
        need,
        place,
        files.join(sourceDir, need.path),
        known,
        variables,
        signal,
        journal,
      ),
    );
    if (done.url !== null) urls[need.id] = done.url;
  }
  const deployed = await pausable(ctx, 'urls', (s) => services.deployer.urls(functionIds, databaseId, s.signal));
  for (const need of needs.sites) {
    const dir = files.join(sourceDir, need.path);
    const place = await findPlace(ctx, services, { kind: 'site', need }, project);
    const done = await deployOne(ctx, services, 'site', need.id, place, async (known, signal, journal) => {
      if (need.settingsFile !== null) await files.writeText(files.join(dir, need.settingsFile), settingsText(deployed));
      return services.deployer.deploySite(need, place, dir, known, signal, journal);
    });
    if (done.url !== null) urls[need.id] = done.url;
  }
  return verifyLive(ctx, services, input, plan, urls);
}

/** Functions learn the ids of their database from the environment; the address and key come from Appwrite itself. */
function databaseVariables(databaseId: string | null): Record<string, string> {
  return databaseId === null ? {} : { APPWRITE_DATABASE_ID: databaseId };
}

/** A step of its own: a repeated deployment goes where the first one went, whatever appears on the host meanwhile. */
function findPlace(ctx: Ctx, services: Services, request: PlaceRequest, project: string): Promise<Place> {
  const { kind } = request;
  const id = kind === 'database' ? request.id : request.need.id;
  return pausable(ctx, `place-${kind}-${id}`, (s) =>
    services.deployer.place(request, project, s.signal, (place) =>
      journalOf(s, kind, place).begin([{ action: 'create', kind, id: place.id, detail: '', destructive: false }]),
    ),
  );
}

/** What a deployment begins is in the events before it is made, so that a rollback finds it however the step ends. */
function journalOf(s: StepContext, kind: Deployment['kind'], { id, mark }: Place): DeploymentJournal {
  const say = (what: Omit<Extract<DomainEvent, { type: 'deployment.changing' }>, 'type' | 'kind' | 'id' | 'mark'>) =>
    // Each try tells it again: what it found may be another than what the one before did.
    s.emit(`changing-${s.attempt}-${JSON.stringify(what)}`, { type: 'deployment.changing', kind, id, mark, ...what });
  return {
    begin: (changes) => say({ changes: [...changes] }),
    notMade: (changes) => say({ changes: [], notMade: [...changes] }),
    upload: (deploymentId, previousDeploymentId) => say({ changes: [], deploymentId, previousDeploymentId }),
  };
}

function settingsText(urls: DeployedUrls): string {
  return `${JSON.stringify(urls, null, 2)}\n`;
}

/** Returns the id that the database really has. */
async function deployDatabase(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  plan: Plan,
  project: string,
  intended: Intended,
): Promise<string> {
  const { name } = input.brief;
  const request = { kind: 'database' as const, id: plan.deployment.databaseId ?? '', name };
  const place = await findPlace(ctx, services, request, project);
  await ctx.publish('database-started', { type: 'deployment.started', kind: 'database', id: place.id });
  const apply = (destructive: Approval, round: number) =>
    pausable(ctx, round === 1 ? 'database' : `database-${round}`, (s) => {
      const journal = journalOf(s, 'database', place);
      return services.deployer.applyDatabase(plan.deployment, place, name, { destructive }, s.signal, journal);
    });
  const deployment = await applyAsAgreed(ctx, intended, apply);
  await ctx.publish('database-finished', { type: 'deployment.finished', deployment });
  return place.id;
}

async function deployOne(
  ctx: Ctx,
  services: Services,
  kind: 'function' | 'site',
  id: string,
  place: Place,
  deploy: (known: string[], signal: AbortSignal, journal: DeploymentJournal) => Promise<Deployment>,
): Promise<Deployment> {
  await ctx.publish(`${kind}-${id}-started`, { type: 'deployment.started', kind, id: place.id });
  // Recorded before the upload: a repeated upload step can tell its own earlier deployment from older ones.
  const known = await pausable(ctx, `${kind}-${id}-known`, (s) =>
    services.deployer.knownDeployments(kind, place.id, s.signal),
  );
  const deployment = await pausable(ctx, `${kind}-${id}`, (s) => deploy(known, s.signal, journalOf(s, kind, place)));
  await ctx.publish(`${kind}-${id}-finished`, { type: 'deployment.finished', deployment });
  return deployment;
}

/** A site that no check of the plan asks is fetched all the same. */
function liveChecks({ deployment }: Plan): LiveCheck[] {
  const asked = new Set(deployment.liveChecks.map((check) => check.target));
  const others = deployment.sites.filter((site) => !asked.has(site.id));
  const fetched = others.map((site) => ({
    target: site.id,
    method: 'GET' as const,
    path: '/',
    body: null,
    status: 200,
    contains: '',
  }));
  return [...deployment.liveChecks, ...fetched];
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
