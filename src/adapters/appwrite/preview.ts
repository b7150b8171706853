import type { OwnPlace, PlaceRequest } from '../../core/ports.ts';
import type { DeploymentNeeds } from '../../protocol/deployment-needs.ts';
import type { DeploymentChange } from '../../protocol/work.ts';
import { leftBehind } from './changes.ts';
import { planIdOf } from './claims.ts';
import { diffDatabase } from './deploy-database.ts';
import type { ResourceContext } from './deploy-resource.ts';
import { ownPlaces } from './own-places.ts';
import { type Claims, candidates, findPlace, markOf } from './places.ts';
import type { OpsByKind } from './resource.ts';
import { readPairs } from './schema/apply.ts';
import { diffTables } from './schema/diff.ts';
import { listTableIds } from './schema/read.ts';
import { changesOf, diffResource, domainHolders, functionWish, type Present, readPresent, siteWish } from './wish.ts';

export interface PreviewContext extends Omit<ResourceContext, 'ops'> {
  ops: OpsByKind;
  claimsOf(request: PlaceRequest, signal: AbortSignal): Claims;
}

/**
 * The changes of all that would be deployed, from the comparisons that deploying goes by; reads only. It knows no files, so
 * that an upload is named only where one follows from the settings, or nothing is live yet. A domain that turns out to belong
 * to another project is named here and not made.
 */
export async function preview(
  context: PreviewContext,
  needs: DeploymentNeeds,
  name: string,
  project: string,
): Promise<DeploymentChange[]> {
  const changes: DeploymentChange[] = [];
  let databaseId: string | null = null;
  if (needs.databaseId !== null) {
    const place = await look(context, { kind: 'database', id: needs.databaseId, name }, project);
    databaseId = place.id;
    const schema = { ...context, databaseId };
    const pairs = place.isOurs ? await readPairs(schema, needs) : needs.tables.map((need) => ({ need, present: null }));
    const made = diffDatabase(databaseId, needs, place.isOurs ? await listTableIds(schema) : null);
    changes.push(...(await besides(context, project, 'database', made, [needs.databaseId])));
    changes.push(...diffTables(databaseId, pairs).flatMap((step) => step.changes));
  }
  const given: Record<string, string> = databaseId === null ? {} : { APPWRITE_DATABASE_ID: databaseId };
  for (const need of needs.functions) {
    const place = await look(context, { kind: 'function', need }, project);
    const made = await previewResource(context, functionWish(need, place.id, given), place.isOurs);
    changes.push(...(await besides(context, project, 'function', made, idsOf(needs.functions))));
  }
  for (const need of needs.sites) {
    const place = await look(context, { kind: 'site', need }, project);
    const made = await previewResource(context, siteWish(need, place.id), place.isOurs);
    changes.push(...(await besides(context, project, 'site', made, idsOf(needs.sites))));
  }
  return changes;
}

const idsOf = (needs: readonly { id: string }[]): string[] => needs.map(({ id }) => id);

/** What is made anew says what the project has of the kind already and the plan does not name. */
async function besides(
  { caller, signal }: PreviewContext,
  project: string,
  kind: OwnPlace['kind'],
  changes: DeploymentChange[],
  planned: readonly string[],
): Promise<DeploymentChange[]> {
  if (!changes.some((one) => one.action === 'create' && one.kind === kind)) return changes;
  const present = await ownPlaces(caller, project, [kind], signal);
  return leftBehind(
    changes,
    kind,
    present.filter(({ planId }) => !planned.includes(planId)),
  );
}

function look(context: PreviewContext, request: PlaceRequest, project: string) {
  const planId = planIdOf(request);
  const claims = context.claimsOf(request, context.signal);
  return findPlace(claims, candidates(planId), markOf(project, planId));
}

async function previewResource(
  context: PreviewContext,
  wish: ReturnType<typeof siteWish>,
  isOurs: boolean,
): Promise<DeploymentChange[]> {
  const { caller, domains, signal } = context;
  const ops = context.ops[wish.holder.kind];
  const found: Present | null = isOurs ? await readPresent(caller, ops, wish, signal) : null;
  const rules = found?.rules ?? (await domainHolders(caller, wish, [], signal));
  const present = found ?? { state: { settings: {}, deploymentId: '' }, variables: [], rules };
  const diff = diffResource(wish, present, present.state.deploymentId === '', ops, domains);
  return changesOf(diff, wish.holder);
}
