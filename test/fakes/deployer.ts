import type { Deployer, Place } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Deployment } from '../../src/protocol/work.ts';

export interface FakeDeployer extends Deployer {
  /** What was really done, in order: `upload function api fake-1`, `create table notes`. */
  readonly actions: string[];
  /** The next upload of this id ends with a failed build and this log. */
  failBuild(id: string, logTail: string): void;
  /** From now on somebody else has this id. */
  occupy(kind: 'database' | 'function' | 'site', id: string): void;
}

interface Resource {
  deploymentIds: string[];
  active: string | null;
}

/** Deploys into memory; as idempotent as the real one. */
export function createFakeDeployer(): FakeDeployer {
  const actions: string[] = [];
  const made = new Set<string>();
  const resources = new Map<string, Resource>();
  const failures = new Map<string, string>();
  /** `<kind> <id>` -> mark of its owner. */
  const owners = new Map<string, string>();
  const keep = (kind: string, { id, mark }: Place): void => {
    const owner = owners.get(`${kind} ${id}`);
    if (owner !== undefined && owner !== mark) throw taken(kind, id);
    owners.set(`${kind} ${id}`, mark);
  };
  let uploads = 0;
  const refuseAborted = (signal: AbortSignal): void => {
    if (signal.aborted) throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.' });
  };
  const makeOnce = (thing: string): string[] => {
    if (made.has(thing)) return [];
    made.add(thing);
    actions.push(`create ${thing}`);
    return [`created ${thing}`];
  };
  const urlOf = (kind: string, id: string) => `http://${id}.${kind}s.localhost`;
  const roll = (kind: 'function' | 'site', id: string, known: readonly string[]): Deployment => {
    const key = `${kind} ${id}`;
    const resource = resources.get(key) ?? { deploymentIds: [], active: null };
    resources.set(key, resource);
    let deploymentId = resource.deploymentIds.find((one) => !known.includes(one));
    if (deploymentId === undefined) {
      deploymentId = `fake-${++uploads}`;
      resource.deploymentIds.push(deploymentId);
      actions.push(`upload ${key} ${deploymentId}`);
    }
    const logTail = failures.get(id);
    if (logTail !== undefined) {
      failures.delete(id);
      throw new AppError({
        code: 'deployment_failed',
        message: `build ${deploymentId} failed`,
        userMessage: `The build of ${kind} "${id}" failed. End of its log:\n${logTail}`,
      });
    }
    const previous = resource.deploymentIds[resource.deploymentIds.indexOf(deploymentId) - 1] ?? null;
    resource.active = deploymentId;
    return {
      ...{ kind, id, deploymentId, previousDeploymentId: previous, status: 'ready', url: urlOf(kind, id) },
      ...{ logTail: 'built', durationMs: 0 },
    };
  };
  return {
    actions,
    failBuild: (id, logTail) => void failures.set(id, logTail),
    occupy: (kind, id) => void owners.set(`${kind} ${id}`, 'somebody else'),
    place: async (request, project, signal) => {
      refuseAborted(signal);
      const planId = request.kind === 'database' ? request.id : request.need.id;
      const mark = `${project}/${planId}`;
      const ids = Array.from({ length: 20 }, (_, index) => {
        const suffix = index === 0 ? '' : `-${index + 1}`;
        return planId.slice(0, 36 - suffix.length) + suffix;
      });
      const ownerOf = (id: string) => owners.get(`${request.kind} ${id}`);
      const id = ids.find((one) => ownerOf(one) === mark) ?? ids.find((one) => ownerOf(one) === undefined);
      if (id === undefined) throw taken(request.kind, planId);
      owners.set(`${request.kind} ${id}`, mark);
      return { id, mark };
    },
    applyDatabase: async (needs, place, _name, signal) => {
      refuseAborted(signal);
      const { id } = place;
      if (needs.databaseId === null) {
        throw new AppError({
          code: 'plan_invalid',
          message: 'no databaseId',
          userMessage: 'The plan names no database.',
        });
      }
      keep('database', place);
      const things = needs.tables.flatMap((table) => [
        `table ${table.id}`,
        ...table.columns.map(({ key }) => `column ${table.id}.${key}`),
        ...table.indexes.map(({ key }) => `index ${table.id}.${key}`),
      ]);
      const lines = [`database ${id}`, ...things].flatMap(makeOnce);
      return {
        ...{ kind: 'database', id, deploymentId: null, previousDeploymentId: null, status: 'ready', url: null },
        ...{ logTail: lines.join('\n'), durationMs: 0 },
      };
    },
    knownDeployments: async (kind, id, signal) => {
      refuseAborted(signal);
      return [...(resources.get(`${kind} ${id}`)?.deploymentIds ?? [])];
    },
    deployFunction: async (_need, place, _sourceDir, known, _variables, signal) => {
      refuseAborted(signal);
      keep('function', place);
      return roll('function', place.id, known);
    },
    deploySite: async (_need, place, _sourceDir, known, signal) => {
      refuseAborted(signal);
      keep('site', place);
      return roll('site', place.id, known);
    },
    urls: async (functionIds, databaseId, signal) => {
      refuseAborted(signal);
      const functions = Object.fromEntries(
        Object.entries(functionIds).map(([planId, id]) => [planId, urlOf('function', id)]),
      );
      return { endpoint: 'http://127.0.0.1/v1', projectId: 'fake', databaseId, functions };
    },
  };
}

function taken(kind: string, id: string): AppError {
  return new AppError({
    code: 'deployment_failed',
    message: `${kind} ${id} is taken`,
    userMessage: `The ${kind} "${id}" belongs to another project.`,
  });
}
