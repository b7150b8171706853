import type { Deployer } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { Deployment } from '../../src/protocol/work.ts';

export interface FakeDeployer extends Deployer {
  /** What was really done, in order: `upload function api fake-1`, `create table notes`. */
  readonly actions: string[];
  /** The next upload of this id ends with a failed build and this log. */
  failBuild(id: string, logTail: string): void;
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
    applyDatabase: async (needs, _name, signal) => {
      refuseAborted(signal);
      const id = needs.databaseId;
      if (id === null) {
        throw new AppError({
          code: 'plan_invalid',
          message: 'no databaseId',
          userMessage: 'The plan names no database.',
        });
      }
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
    deployFunction: async (need, _sourceDir, known, _variables, signal) => {
      refuseAborted(signal);
      return roll('function', need.id, known);
    },
    deploySite: async (need, _sourceDir, known, signal) => {
      refuseAborted(signal);
      return roll('site', need.id, known);
    },
    urls: async (functionIds, databaseId, signal) => {
      refuseAborted(signal);
      const functions = Object.fromEntries(functionIds.map((id) => [id, urlOf('function', id)]));
      return { endpoint: 'http://127.0.0.1/v1', projectId: 'fake', databaseId, functions };
    },
  };
}
