import type { Models } from 'node-appwrite';
import type { DeploymentJournal } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Deployment, DeploymentChange, DomainState } from '../../protocol/work.ts';
import { listDeployments } from './deployments.ts';
import { claimDomain, type DomainSettings, ensureOwnDomain, listRules, missingDomains, publicUrl } from './domains.ts';
import { packSource } from './pack.ts';
import type { ResourceOps } from './resource.ts';
import { finish, LOG_TAIL_CHARS, type RolloutContext, takeOver, upload } from './rollout.ts';
import { hashOf, madeOf, madeOfThis, writeSource } from './source.ts';
import { type Holder, listVariables, SOURCE_VARIABLE, writeVariable } from './variables.ts';
import {
  diffResource,
  domainChange,
  type Present,
  type ResourceDiff,
  readPresent,
  uploadChange,
  type Wish,
} from './wish.ts';

export interface ResourceContext extends RolloutContext {
  ops: ResourceOps;
  domains: DomainSettings;
}

export interface DeployContext extends ResourceContext {
  journal: DeploymentJournal;
}

/** Brings one function or site, which is there, to what is wished for; uploads only when it would make a difference. */
export async function deployResource(
  context: DeployContext,
  wish: Wish,
  mark: string,
  { sourceDir, known }: { sourceDir: string; known: readonly string[] },
): Promise<Deployment> {
  const { caller, clock, ops, signal, log } = context;
  const { holder } = wish;
  const startedMs = clock.now();
  const packed = await packSource(sourceDir);
  const present = await requirePresent(context, wish);
  const isNew = present.state.deploymentId === '' || known.length === 0;
  const diff = diffResource(wish, present, isNew, ops, context.domains);
  const changes = [...diff.settings, ...diff.variables];
  if (changes.length > 0) context.journal.begin(changes);
  await settle(context, wish, present, diff);
  const domains = await ensureDomains(context, wish, diff, changes);
  const hash = hashOf(packed.digest, wish.settings, ops);
  const rolled = await rollOut(context, wish, packed.archive, hash, known);
  if (rolled.isMade) changes.push(uploadChange(holder));
  const url = publicUrl(context.domains, holder, await listRules(caller, holder, signal), rolled.deploymentId);
  const notes = diff.secret.map((key) => `left as it is: variable ${key} is secret there, so it cannot be compared`);
  const { deploymentId, previousDeploymentId } = rolled;
  log.info(rolled.isMade ? 'deployed' : 'unchanged', { kind: holder.kind, id: holder.id, deploymentId, url });
  return {
    ...{ kind: holder.kind, id: holder.id, deploymentId, previousDeploymentId, status: 'ready', url },
    logTail: [rolled.log, ...notes].join('\n').slice(-LOG_TAIL_CHARS),
    durationMs: clock.now() - startedMs,
    ...{ changes, domains, mark },
  };
}

async function requirePresent({ caller, ops, signal }: ResourceContext, wish: Wish): Promise<Present> {
  const present = await readPresent(caller, ops, wish, signal);
  if (present !== null) return present;
  const name = `${ops.kind} ${wish.holder.id}`;
  throw new AppError({
    code: 'deployment_failed',
    message: `${name} was there a moment ago`,
    userMessage: `The ${name} was deleted on Appwrite while it was being deployed. Resume the run to make it again.`,
  });
}

/** Settings and variables. Before a setting that needs a build, what is deployed is declared to be of something else. */
async function settle(context: ResourceContext, wish: Wish, present: Present, diff: ResourceDiff): Promise<void> {
  const { caller, ops, signal } = context;
  const { holder } = wish;
  const isMarked = present.variables.some(({ key }) => key === SOURCE_VARIABLE);
  if (diff.needsBuild && !diff.isNew && isMarked) {
    await writeSource(caller, holder, 'changing', present.variables, signal);
  }
  if (diff.isDiffering) await ops.update(holder.id, wish.settings, signal);
  for (const [key, value] of Object.entries(wish.variables)) {
    const isDue = diff.variables.some(({ id }) => id === `${holder.id}/${key}`);
    if (isDue) await writeVariable(caller, holder, [key, value], signal);
  }
}

/** Adds to `changes` the domains that it made. */
async function ensureDomains(
  context: DeployContext,
  wish: Wish,
  diff: ResourceDiff,
  changes: DeploymentChange[],
): Promise<DomainState[]> {
  const { caller, signal } = context;
  const { holder } = wish;
  changes.push(...(await ensureGiven(context, holder)));
  const states: DomainState[] = [];
  for (const name of wish.domains) {
    const missing = diff.domains.filter(({ id }) => id === `${holder.id}/${name.toLowerCase()}`);
    if (missing.length > 0) context.journal.begin(missing);
    const { state, isNew } = await ensureOwnDomain(caller, context.domains, holder, name, signal);
    if (isNew) changes.push(domainChange(holder, state.domain));
    else if (missing.length > 0) context.journal.notMade(missing);
    states.push(state);
  }
  return states;
}

/** The domain under the server's own, when that is known; returns what it made. */
export async function ensureGiven(
  { caller, domains, signal, journal }: Pick<DeployContext, 'caller' | 'domains' | 'signal' | 'journal'>,
  holder: Holder,
): Promise<DeploymentChange[]> {
  const { given } = missingDomains(domains, holder, await listRules(caller, holder, signal), []);
  for (const domain of given) {
    const made = [domainChange(holder, domain)];
    journal.begin(made);
    if (await claimDomain(caller, holder, domain, signal)) return made;
    journal.notMade(made);
  }
  return [];
}

interface Rolled {
  deploymentId: string;
  previousDeploymentId: string | null;
  log: string;
  /** By this attempt or an earlier one of the same. */
  isMade: boolean;
}

async function rollOut(
  context: DeployContext,
  wish: Wish,
  archive: Buffer,
  hash: string,
  known: readonly string[],
): Promise<Rolled> {
  const { caller, signal } = context;
  const { holder } = wish;
  const variables = await listVariables(caller, holder, signal);
  const before = await listDeployments(caller, holder, signal);
  const active = (await context.ops.read(holder.id, signal))?.deploymentId ?? '';
  const ofThis = madeOfThis(madeOf(hash, variables, Object.keys(wish.variables)), before);
  const earlier = ofThis.find(({ $id }) => !known.includes($id));
  // A later one that is active was uploaded by somebody else.
  const isUnchanged = active !== '' && known.includes(active) && ofThis.at(-1)?.$id === active;
  if (earlier === undefined && isUnchanged && ofThis.at(-1)?.status === 'ready') {
    const log = `unchanged: ${holder.kind} ${holder.id} was made of the same files and settings, so nothing was uploaded`;
    return { deploymentId: active, previousDeploymentId: null, log, isMade: false };
  }
  const ready = new Set(before.flatMap(({ $id, status }) => (status === 'ready' ? [$id] : [])));
  const lastActive = known.find((id) => ready.has(id)) ?? null;
  const previousDeploymentId = active === earlier?.$id || active === '' ? lastActive : active;
  context.journal.begin([uploadChange(holder)]);
  const taken = earlier === undefined ? null : await takeOver(context, holder, earlier.$id, archive.length);
  context.journal.upload(taken, previousDeploymentId);
  const deploymentId = taken ?? (await uploadAs(context, holder, archive, hash, variables));
  if (taken === null) context.journal.upload(deploymentId, previousDeploymentId);
  const log = await finish(context, holder, deploymentId);
  return { deploymentId, previousDeploymentId, log, isMade: true };
}

async function uploadAs(
  context: ResourceContext,
  holder: Holder,
  archive: Buffer,
  hash: string,
  variables: readonly Models.Variable[],
): Promise<string> {
  const { caller, signal } = context;
  await writeSource(caller, holder, hash, variables, signal);
  const before = await listDeployments(caller, holder, signal);
  return upload(context, holder, archive, before);
}
