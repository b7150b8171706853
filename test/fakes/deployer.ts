import { leftBehind } from '../../src/adapters/appwrite/changes.ts';
import { functionWish, siteWish } from '../../src/adapters/appwrite/wish.ts';
import { isAllowed } from '../../src/core/approval.ts';
import type { Deployer, DeploymentJournal, OwnPlace, Place, PlaceRequest } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Deployment, DeploymentChange } from '../../src/protocol/work.ts';
import { createFakeResources } from './deployer-resources.ts';
import { createFakeTables } from './deployer-tables.ts';

type Kind = PlaceRequest['kind'];

export interface FakeDeployer extends Deployer {
  /** What was really done, in order: `upload function api fake-1`, `create table main/notes`. */
  readonly actions: string[];
  /** The next upload of this id ends with a failed build and this log. */
  failBuild(id: string, logTail: string): void;
  /** From now on somebody else has this id. */
  occupy(kind: Kind, id: string): void;
  addRow(databaseId: string, tableId: string, row: Record<string, unknown>): void;
}

/** Deploys into memory; compares as the real one does, and is as idempotent. */
export function createFakeDeployer(): FakeDeployer {
  const actions: string[] = [];
  /** `<kind> <id>` -> mark of its owner. */
  const owners = new Map<string, string>();
  const tables = createFakeTables();
  const resources = createFakeResources((action) => void actions.push(action));
  const keep = (kind: string, { id, mark }: Place): void => {
    const owner = owners.get(`${kind} ${id}`);
    if (owner !== undefined && owner !== mark) throw taken(kind, id);
    owners.set(`${kind} ${id}`, mark);
  };
  const note = (changes: DeploymentChange[]) => {
    const done = changes.filter(({ kind }) => kind !== 'deployment');
    actions.push(...done.map(({ action, kind, id }) => `${action} ${kind} ${id}`));
  };
  const find = (kind: Kind, planId: string, mark: string): { id: string; isOurs: boolean } => {
    const ids = Array.from({ length: 20 }, (_, index) => {
      const suffix = index === 0 ? '' : `-${index + 1}`;
      return planId.slice(0, 36 - suffix.length) + suffix;
    });
    const ours = ids.find((id) => owners.get(`${kind} ${id}`) === mark);
    if (ours !== undefined) return { id: ours, isOurs: true };
    const free = ids.find((id) => !owners.has(`${kind} ${id}`));
    if (free === undefined) throw taken(kind, planId);
    return { id: free, isOurs: false };
  };
  const placesOf = (project: string): OwnPlace[] =>
    [...owners].flatMap(([key, mark]) => {
      const [kind, id = ''] = key.split(' ') as [Kind, string];
      const holds = kind === 'database' ? tables.has(id) : resources.known(kind, id).length > 0;
      return holds && mark.startsWith(`${project}/`) ? [{ kind, id, planId: mark.slice(project.length + 1) }] : [];
    });
  const undo = (deployment: Deployment) => {
    const { kind, id, mark } = deployment;
    const owner = owners.get(`${kind} ${id}`);
    if (owner === undefined) return { changes: [], irreversible: [] };
    if (mark === '' || owner !== mark) {
      return { changes: [], irreversible: [`${kind} ${id} no longer carries the mark of this project.`] };
    }
    return kind === 'database' ? tables.undo(deployment) : resources.undo(deployment);
  };
  return {
    actions,
    failBuild: resources.failBuild,
    occupy: (kind, id) => void owners.set(`${kind} ${id}`, 'somebody else'),
    addRow: tables.addRow,
    preview: async (needs, _name, project, signal) => {
      refuseAborted(signal);
      const changes: DeploymentChange[] = [];
      const placeOf = (kind: Kind, planId: string) => find(kind, planId, `${project}/${planId}`);
      const besides = (kind: Kind, made: DeploymentChange[], planned: readonly string[]) =>
        leftBehind(
          made,
          kind,
          placesOf(project).filter((one) => one.kind === kind && !planned.includes(one.planId)),
        );
      const database = needs.databaseId === null ? null : placeOf('database', needs.databaseId);
      if (database !== null) {
        const made = tables.preview(database.id, needs);
        const isMissing = !database.isOurs && needs.tables.length === 0;
        const created = {
          action: 'create',
          kind: 'database',
          id: database.id,
          detail: '',
          destructive: false,
        } as const;
        changes.push(...besides('database', [...(isMissing ? [created] : []), ...made], [needs.databaseId ?? '']));
      }
      const given: Record<string, string> = database === null ? {} : { APPWRITE_DATABASE_ID: database.id };
      for (const need of needs.functions) {
        const made = resources.preview(functionWish(need, placeOf('function', need.id).id, given));
        changes.push(
          ...besides(
            'function',
            made,
            needs.functions.map(({ id }) => id),
          ),
        );
      }
      for (const need of needs.sites) {
        const made = resources.preview(siteWish(need, placeOf('site', need.id).id));
        changes.push(
          ...besides(
            'site',
            made,
            needs.sites.map(({ id }) => id),
          ),
        );
      }
      return changes;
    },
    places: async (project, signal) => {
      refuseAborted(signal);
      return placesOf(project);
    },
    place: async (request, project, signal, onCreate) => {
      refuseAborted(signal);
      const planId = request.kind === 'database' ? request.id : request.need.id;
      const mark = `${project}/${planId}`;
      const { id, isOurs } = find(request.kind, planId, mark);
      if (!isOurs) onCreate?.({ id, mark });
      owners.set(`${request.kind} ${id}`, mark);
      return { id, mark };
    },
    applyDatabase: async (needs, place, _name, { destructive }, signal, journal = NO_JOURNAL) => {
      refuseAborted(signal);
      if (needs.databaseId === null) throw noDatabase();
      keep('database', place);
      const applied = tables.apply(place.id, needs, destructive, (changes) => {
        if (changes.length > 0) journal.begin(changes);
        refuseAborted(signal);
      });
      note(applied.changes);
      return {
        ...{ kind: 'database', id: place.id, deploymentId: null, previousDeploymentId: null, status: 'ready' },
        ...{ url: null, durationMs: 0, domains: [], mark: place.mark, ...applied },
      };
    },
    knownDeployments: async (kind, id, signal) => {
      refuseAborted(signal);
      return resources.known(kind, id);
    },
    deployFunction: async (need, place, sourceDir, known, variables, signal, journal = NO_JOURNAL) => {
      refuseAborted(signal);
      keep('function', place);
      const wish = functionWish(need, place.id, variables);
      const done = await resources.deploy(wish, place.mark, { sourceDir, known }, journal);
      note(done.changes);
      return done;
    },
    deploySite: async (need, place, sourceDir, known, signal, journal = NO_JOURNAL) => {
      refuseAborted(signal);
      keep('site', place);
      const done = await resources.deploy(siteWish(need, place.id), place.mark, { sourceDir, known }, journal);
      note(done.changes);
      return done;
    },
    urls: async (functionIds, databaseId, signal) => {
      refuseAborted(signal);
      const functions = Object.fromEntries(
        Object.entries(functionIds).map(([planId, id]) => [planId, `http://${id}.functions.localhost`]),
      );
      return { endpoint: 'http://127.0.0.1/v1', projectId: 'fake', databaseId, functions };
    },
    previewRollback: async (deployments, signal) => {
      refuseAborted(signal);
      const plans = deployments.map(undo);
      return {
        changes: plans.flatMap(({ changes }) => changes),
        irreversible: plans.flatMap(({ irreversible }) => irreversible),
      };
    },
    rollBack: async (deployment, { destructive }, signal) => {
      refuseAborted(signal);
      const { kind, id } = deployment;
      const { changes, irreversible } = undo(deployment);
      const kept = [...irreversible];
      const done: DeploymentChange[] = [];
      for (const change of changes) {
        if (!isAllowed(change, destructive) || (change.kind === 'database' && tables.has(id))) {
          kept.push(`${change.kind} ${change.id} was left: ${change.detail}.`);
          continue;
        }
        if (kind === 'database') tables.revert(change);
        else resources.revert(kind, id, change);
        if (change.kind === kind && change.action === 'delete') owners.delete(`${kind} ${id}`);
        done.push(change);
      }
      note(done);
      return { done, kept };
    },
  };
}

const NO_JOURNAL: DeploymentJournal = { begin: () => undefined, notMade: () => undefined, upload: () => undefined };

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
}

function noDatabase(): AppError {
  return new AppError({
    code: 'plan_invalid',
    message: 'no databaseId',
    userMessage: 'The plan names no database.',
  });
}

function taken(kind: string, id: string): AppError {
  return new AppError({
    code: 'deployment_failed',
    message: `${kind} ${id} is taken`,
    userMessage: `The ${kind} "${id}" belongs to another project.`,
  });
}
