import type { DomainEvent, EventRecord } from '../../protocol/events.ts';
import type { ActivityRecord, DeploymentRecord, ProjectRecords, TaskRecord } from '../../protocol/records.ts';
import { emptyView, fold, isTakenOut, type RunView } from '../../protocol/view.ts';
import type { Deployment } from '../../protocol/work.ts';
import type { Json } from '../engine/port.ts';
import { activityOf } from './activities.ts';
import { bounded, cut, lastLines, MAX, rowId } from './limits.ts';
import { taskOf } from './task.ts';

/** What no event says and the configuration does. */
export interface RecordContext {
  /** Who the runs of this state folder belong to. */
  userId: string;
  /** The Appwrite project that is deployed to. */
  appwriteProjectId: string;
}

/** What the events up to `view.seq` come to. Immutable; the next state shares what did not change. */
export interface RecordFold {
  view: RunView;
  /** Times of the first and of the last event. */
  firstAt: string;
  lastAt: string;
  /** Web address of the repository; '' before it is known. */
  repository: string;
  /** By `kind.id`, in the order in which they were first heard of. */
  deployments: Record<string, DeploymentDraft>;
}

interface DeploymentDraft {
  type: DeploymentRecord['type'];
  id: string;
  status: DeploymentRecord['status'];
  createdAt: string;
  /** Null before it has ended. */
  result: Deployment | null;
  /** The commit that was deployed; null when it is not known. */
  commit: string | null;
}

export interface Step {
  state: RecordFold;
  activity: ActivityRecord | null;
  /** The records of these keys of `state.deployments` are others now. */
  changed: string[];
}

export function emptyRecords(runId: string): RecordFold {
  return { view: emptyView(runId), firstAt: '', lastAt: '', repository: '', deployments: {} };
}

/** Applies one event. Pure. Events must come in order of seq, from the first. */
export function foldRecord(state: RecordFold, record: EventRecord): Step {
  const view = fold(state.view, record);
  const drafts = draftsAfter(state, view, record);
  return {
    state: {
      view,
      firstAt: state.firstAt === '' ? record.at : state.firstAt,
      lastAt: record.at,
      repository: repositoryAfter(state.repository, record.event),
      deployments: Object.keys(drafts).length === 0 ? state.deployments : { ...state.deployments, ...drafts },
    },
    activity: activityOf(view, record),
    changed: Object.keys(drafts),
  };
}

/** The record of the run itself, as far as the events go. */
export function taskRecord({ view, firstAt, lastAt, repository }: RecordFold, { userId }: RecordContext): TaskRecord {
  return taskOf(view, { firstAt, lastAt, repository, userId });
}

export function deploymentRecords(
  state: RecordFold,
  keys: readonly string[],
  context: RecordContext,
): DeploymentRecord[] {
  return keys.flatMap((key) => {
    const draft = state.deployments[key];
    return draft === undefined ? [] : [deploymentRecord(state, draft, context)];
  });
}

/** All records of a run, given all its events in order. */
export function recordsOf(runId: string, records: Iterable<EventRecord>, context: RecordContext): ProjectRecords {
  let state = emptyRecords(runId);
  const activities: ActivityRecord[] = [];
  for (const record of records) {
    const step = foldRecord(state, record);
    state = step.state;
    if (step.activity !== null) activities.push(step.activity);
  }
  if (state.view.seq === 0) return { tasks: [], activities: [], deployments: [] };
  const deployments = deploymentRecords(state, Object.keys(state.deployments), context);
  return { tasks: [taskRecord(state, context)], activities, deployments };
}

/** The web address of the repository that was pushed to. */
function repositoryAfter(before: string, event: DomainEvent): string {
  switch (event.type) {
    case 'branch.pushed':
      return withoutPlace(event.remote);
    case 'pull_request.opened':
      return before === '' ? withoutPlace(event.pullRequest.url) : before;
    default:
      return before;
  }
}

function withoutPlace(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//').replace(/(\/pull\/\d+|\.git)\/?$/, '');
}

const keyOf = (kind: string, id: string) => `${kind}.${id}`;

/** What the event makes of deployments; empty for most events. */
function draftsAfter(
  { deployments }: RecordFold,
  view: RunView,
  { event, at }: EventRecord,
): Record<string, DeploymentDraft> {
  const draft = (type: DeploymentDraft['type'], id: string, change: Partial<DeploymentDraft>) => {
    const key = keyOf(type, id);
    const fresh: DeploymentDraft = { type, id, status: 'pending', createdAt: at, result: null, commit: null };
    return { [key]: { ...(deployments[key] ?? fresh), ...change } };
  };
  switch (event.type) {
    case 'deployment.previewed':
      if (view.purpose === 'rollback') return {};
      return Object.assign(
        {},
        ...event.changes.flatMap(({ kind, id, action }) => {
          const type = PREVIEWED[kind];
          const place = id.split('/')[0] ?? id;
          const isNews = type !== undefined && action !== 'delete' && deployments[keyOf(type, place)] === undefined;
          return isNews ? [draft(type, place, {})] : [];
        }),
      );
    case 'deployment.started':
      return draft(event.kind, event.id, { status: 'building', result: null, commit: view.mergeCommit });
    case 'deployment.finished': {
      const { kind, id, status } = event.deployment;
      return draft(kind, id, {
        status: status === 'ready' ? 'deployed' : 'failed',
        // The view has what earlier tries of it have done, too.
        result: view.deployments.at(-1) ?? event.deployment,
        commit: view.mergeCommit,
      });
    }
    case 'run.rolled_back':
      return Object.fromEntries(
        Object.entries(deployments).flatMap(([key, value]) => {
          const { result } = value;
          const isOut = result !== null && isTakenOut(result, event.done);
          return isOut ? [[key, { ...value, result: { ...result, url: null } }]] : [];
        }),
      );
    case 'run.failed':
    case 'run.cancelled':
      return Object.fromEntries(
        Object.entries(deployments)
          .filter(([, { status }]) => status === 'pending' || status === 'building')
          .map(([key, value]) => [key, { ...value, status: 'failed' as const, result: cutOff(view, value) }]),
      );
    default:
      return {};
  }
}

/** What a deployment has begun that did not finish. */
function cutOff({ unfinished }: RunView, { type, id, result }: DeploymentDraft): Deployment | null {
  return unfinished.find((one) => one.kind === type && one.id === id) ?? result;
}

/** Whose deployment a change announces. A variable or domain changes something that is named by itself. */
const PREVIEWED: Partial<Record<string, DeploymentDraft['type']>> = {
  database: 'database',
  table: 'database',
  column: 'database',
  index: 'database',
  function: 'function',
  site: 'site',
};

function deploymentRecord(
  { view, repository }: RecordFold,
  { type, id, status, createdAt, result, commit }: DeploymentDraft,
  { appwriteProjectId }: RecordContext,
): DeploymentRecord {
  return {
    deploymentId: rowId(`${view.runId}.${type}.${id}`),
    taskId: cut(view.runId, MAX.name),
    type,
    appwriteProjectId: cut(appwriteProjectId, MAX.name),
    githubRepo: cut(repository, MAX.address),
    buildArtifacts: bounded(artifactsOf(id, result, commit), MAX.json) as Json[],
    status,
    url: cut(result?.url ?? '', MAX.address),
    logs: lastLines(result?.logTail ?? '', MAX.json),
    createdAt,
  };
}

function artifactsOf(id: string, result: Deployment | null, commit: string | null): Json[] {
  const {
    deploymentId = null,
    previousDeploymentId = null,
    durationMs = null,
    changes = [],
    domains = [],
  } = result ?? {};
  return [
    { kind: 'deployment', id, deploymentId, previousDeploymentId, commit, durationMs },
    ...changes.map(({ kind, ...change }) => ({ kind: 'change', of: kind, ...change })),
    ...domains.map((domain) => ({ kind: 'domain', ...domain })),
  ];
}
