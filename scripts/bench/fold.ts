import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import { emptyView, fold } from '../../src/protocol/view.ts';
import type { Measure } from './report.ts';
import { median } from './stats.ts';
import { brief, type Part, planOf } from './work.ts';

const SUBTASKS = 24;
const EVENTS = 50_000;
const AT = '2026-01-01T00:00:00.000Z';
const ESTIMATE = { tokens: { low: 1, high: 2 }, costUsd: null, wallMs: { low: 1, high: 2 } };

/** A long run: what an agent's turn leaves behind (a call, an act, a commit), over and over, in 24 subtasks. */
function longRun(): EventRecord[] {
  const parts = Array.from({ length: SUBTASKS }, (_, i): Part => ({ id: `part-${i}`, dependsOn: [], turns: 1 }));
  const events: DomainEvent[] = [
    {
      type: 'run.started',
      brief,

      workspaceDir: 'workspace',
      budgetUsd: 10,
      slug: 'bench',
    },
    { type: 'plan.proposed', plan: planOf(parts), estimate: ESTIMATE },
    ...parts.map(
      ({ id }): DomainEvent => ({
        type: 'subtask.started',
        subtaskId: id,
        agentId: `agent-${id}`,
        specialization: 'backend',
        baseCommit: '0'.repeat(40),
      }),
    ),
  ];
  for (let index = 0; events.length < EVENTS; index += 1) {
    const subtaskId = `part-${index % SUBTASKS}`;
    const agentId = `agent-${subtaskId}`;
    events.push(
      {
        type: 'model.called',
        role: 'agent',
        purpose: `turn ${index}`,
        subtaskId,
        agentId,
        provider: 'anthropic',
        model: 'model',
        usage: { inputTokens: 100, cachedInputTokens: 0, cacheWriteTokens: 0, outputTokens: 10 },
        costUsd: 0.001,
        durationMs: 300,
      },
      { type: 'subtask.acted', subtaskId, agentId, action: `wrote ${subtaskId}/part-${index}.js`, failed: false },
      {
        type: 'subtask.committed',
        subtaskId,
        commit: '0'.repeat(40),
        files: [{ path: `${subtaskId}/part-${index}.js`, status: 'added', addedLines: 12, removedLines: 0 }],
      },
    );
  }
  return events.map((event, index) => ({ v: 1, runId: 'bench', seq: index + 1, at: AT, event }));
}

export const foldRate: Measure = {
  name: 'fold',
  about: 'events per second through the fold that every client uses',
  async measure({ runs, say }) {
    const records = longRun();
    const rates: number[] = [];
    for (let run = 0; run < runs + 1; run += 1) {
      const startedMs = performance.now();
      let view = emptyView('bench');
      for (const record of records) view = fold(view, record);
      if (view.seq !== records.length) throw new Error('the fold lost events');
      // The first round warms up.
      if (run > 0) rates.push((records.length / (performance.now() - startedMs)) * 1000);
    }
    say(`fold: ${rates.map((rate) => Math.round(rate)).join(' ')} events/s`);
    const note = `${records.length} events of ${SUBTASKS} subtasks`;
    return [{ name: 'fold.rate', value: median(rates), unit: '1/s', target: null, note }];
  },
};
