import * as z from 'zod';
import { lossesOf } from '../../protocol/losses.ts';
import type { RunView, SubtaskView } from '../../protocol/view.ts';

/** Input of the language model tool `orchestrator_run_status`. */
export const RunStatusInput = z.strictObject({ runId: z.string().min(1).optional() });
export type RunStatusInput = z.infer<typeof RunStatusInput>;

const MAX_RUNS = 20;

/** The answer of the tool: JSON for a model. Nothing in it names a place outside the project. */
export function statusJson(views: readonly RunView[], input: RunStatusInput): string {
  if (input.runId === undefined) return JSON.stringify({ runs: views.slice(0, MAX_RUNS).map(summaryOf) });
  const view = views.find(({ runId }) => runId === input.runId);
  if (view === undefined)
    return JSON.stringify({ error: 'This window has no run with this id. Leave it out to get all.' });
  return JSON.stringify({ run: { ...summaryOf(view), ...detailsOf(view) } });
}

const PLACES: readonly RegExp[] = [
  // Absolute paths, but not the paths of web addresses.
  /(?<![\w:/.-])~?(?:\/[^\s/'"`)\],;]+){2,}\/?/g,
  /\b[A-Za-z]:\\[^\s'"`)\],;]+/g,
  /\\\\[^\s'"`)\],;]+/g,
];

/** Text without places on this machine's disk. */
export function withoutPlaces(text: string): string {
  return PLACES.reduce((shown, pattern) => shown.replace(pattern, '(path)'), text);
}

function summaryOf(view: RunView) {
  return {
    runId: view.runId,
    name: view.brief?.name ?? null,
    purpose: view.purpose,
    status: view.status,
    stage: view.stage,
    startedAt: view.startedAt,
    endedAt: view.endedAt,
    waiting: view.waiting.map(({ gate, code, message, since }) => ({
      gate,
      code,
      message: withoutPlaces(message),
      since,
    })),
    subtasks: Object.values(view.subtasks).map(({ id, title, state }) => ({ id, title, state })),
    costUsd: view.cost.usd,
    callsOfUnknownPrice: view.cost.unpricedCalls,
    budgetUsd: view.budgetUsd,
    pullRequest: view.pullRequest?.url ?? null,
    liveUrl: view.url,
    rolledBack: view.rolledBack === null ? null : { at: view.rolledBack.at, by: view.rolledBack.by },
    error: view.error === null ? null : { code: view.error.code, message: withoutPlaces(view.error.userMessage) },
  };
}

function detailsOf(view: RunView) {
  return {
    subtasks: Object.values(view.subtasks).map(subtaskOf),
    agents: Object.values(view.agents).map(({ id, status, subtaskId, model }) => ({ id, status, subtaskId, model })),
    changedFiles: view.diff?.files.map(({ path, status }) => ({ path, status })) ?? [],
    checksOnGitHub: view.forgeChecks?.state ?? null,
    notMergedBecause: view.held === null ? null : withoutPlaces(view.held),
    workflow: view.workflow?.state ?? null,
    wouldLose: lossesOf(view).map(({ action, kind, id }) => ({ action, kind, id })),
    deployments: view.deployments.map(({ kind, id, status }) => ({ kind, id, status })),
    liveChecks: view.live.map(({ url, passed }) => ({ url, passed })),
  };
}

function subtaskOf(subtask: SubtaskView) {
  const { id, title, state, dependsOn, agentId, round, costUsd, lastAction } = subtask;
  return {
    ...{ id, title, state, dependsOn, agentId, round, costUsd },
    lastAction: withoutPlaces(lastAction),
    checks: subtask.evidence.map(({ name, outcome }) => ({ name, outcome })),
    findings: subtask.findings.map(({ file, severity, message }) => ({
      file,
      severity,
      message: withoutPlaces(message),
    })),
  };
}
