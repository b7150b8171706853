import type { DomainEvent } from './events.ts';
import type { RunView } from './view-state.ts';
import type { Deployment, DeploymentChange } from './work.ts';

/** The parts of the fold that are about deployments. */

type Of<T extends DomainEvent['type']> = Extract<DomainEvent, { type: T }>;

/** Events are read as they were written: a deployment of before these were kept has none of them. */
const UNKNOWN = { changes: [], domains: [], mark: '' };

const isSame = (one: Pick<Deployment, 'kind' | 'id'>, other: Pick<Deployment, 'kind' | 'id'>): boolean =>
  one.kind === other.kind && one.id === other.id;

const nameOf = ({ action, kind, id, detail }: DeploymentChange): string => [action, kind, id, detail].join(' ');

/** Those of the first list that the second does not name. */
function without(changes: readonly DeploymentChange[], others: readonly DeploymentChange[]): DeploymentChange[] {
  const names = new Set(others.map(nameOf));
  return changes.filter((change) => !names.has(nameOf(change)));
}

/** The list with what the event says of one deployment. */
export function changing(unfinished: readonly Deployment[], event: Of<'deployment.changing'>): Deployment[] {
  const { kind, id, mark } = event;
  const before: Deployment = unfinished.find((one) => isSame(one, event)) ?? {
    ...{ kind, id, mark, deploymentId: null, previousDeploymentId: null, status: 'failed', url: null },
    ...{ logTail: '', durationMs: 0, changes: [], domains: [] },
  };
  const { deploymentId = before.deploymentId, previousDeploymentId = before.previousDeploymentId } = event;
  const begun = [...before.changes, ...without(event.changes, before.changes)];
  const changes = without(begun, event.notMade ?? []);
  const after = { ...before, mark, deploymentId, previousDeploymentId, changes };
  return [...unfinished.filter((one) => !isSame(one, event)), after];
}

/**
 * A deployment that was tried several times tells what its last try has done. What was begun before and did not have to be made
 * any more was made by the tries before.
 */
export function finishedDeployment(view: RunView, event: Of<'deployment.finished'>): RunView {
  const deployment = { ...UNKNOWN, ...event.deployment };
  const begun = view.unfinished.find((one) => isSame(one, deployment))?.changes ?? [];
  const earlier = without(begun, [...deployment.changes, ...(deployment.left ?? [])]);
  const whole = { ...deployment, changes: [...earlier, ...deployment.changes] };
  const unfinished = view.unfinished.filter((one) => !isSame(one, deployment));
  return { ...view, deployments: [...view.deployments, whole], unfinished };
}

/** Whether these changes took the deployment out: its place, or what was live there. A setting that went back did not. */
export function isTakenOut({ kind, id }: Pick<Deployment, 'kind' | 'id'>, done: readonly DeploymentChange[]): boolean {
  return done.some(
    (change) =>
      (change.kind === kind && change.id === id && change.action === 'delete') ||
      (kind !== 'database' && change.kind === 'deployment' && change.id.startsWith(`${id}/`)),
  );
}

export function rolledBack(view: RunView, { by, done, kept }: Of<'run.rolled_back'>, at: string): RunView {
  const isLive = view.deployments.some((one) => one.url === view.url && !isTakenOut(one, done));
  return { ...view, rolledBack: { by, at, done, kept }, url: isLive ? view.url : null };
}
