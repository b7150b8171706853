import type { AppApi } from '../app/api.ts';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { EventRecord } from '../protocol/events.ts';
import type { Evidence } from '../protocol/work.ts';

const PAGE = 1_000;

/**
 * Everything known of a run, as JSON text: view, events, shared records, kept outputs of checks (the last 1 MB of each). No keys
 * are in it.
 */
export async function exportRun(app: AppApi, runId: string): Promise<string> {
  const view = await app.snapshot(runId);
  if (view === null) {
    throw new AppError({ code: 'not_found', message: `no run ${runId}`, userMessage: `There is no run "${runId}".` });
  }
  const events: EventRecord[] = [];
  for (;;) {
    const page = app.events(view.runId, events.at(-1)?.seq ?? 0, PAGE);
    events.push(...page);
    if (page.length < PAGE) break;
  }
  const evidence = [
    ...Object.values(view.subtasks).flatMap((subtask) => subtask.evidence),
    ...view.integrationEvidence,
  ];
  const outputs: Record<string, string> = {};
  for (const file of outputFiles(evidence)) {
    outputs[file] = await app
      .output(view.runId, file)
      .catch((thrown: unknown) => `(${toAppError(thrown).userMessage})`);
  }
  const records = await app.records(view.runId);
  return `${JSON.stringify({ v: 1, exportedAt: new Date().toISOString(), view, events, records, outputs }, null, 2)}\n`;
}

function outputFiles(evidence: readonly Evidence[]): Set<string> {
  return new Set(evidence.flatMap((entry) => (entry.outputFile === null ? [] : [entry.outputFile])));
}
