import type { Engine, EventLog } from '../core/engine/port.ts';
import { AppError } from '../protocol/errors.ts';
import { emptyView, fold, type RunView } from '../protocol/view.ts';

const PAGE = 1_000;
const KEPT_VIEWS = 64;

/** Views of runs, folded once and then only by what is new. Bounded: the least recently asked view is dropped. */
export class RunViews {
  readonly #events: EventLog;
  readonly #views = new Map<string, RunView>();

  constructor(events: EventLog) {
    this.#events = events;
  }

  get(runId: string): RunView {
    let view = this.#views.get(runId) ?? emptyView(runId);
    this.#views.delete(runId);
    for (;;) {
      const records = this.#events.read(runId, view.seq, PAGE);
      for (const record of records) view = fold(view, record);
      if (records.length < PAGE) break;
    }
    this.#views.set(runId, view);
    if (this.#views.size > KEPT_VIEWS) {
      const oldest = this.#views.keys().next().value;
      if (oldest !== undefined) this.#views.delete(oldest);
    }
    return view;
  }

  forget(runId: string): void {
    this.#views.delete(runId);
  }
}

const ENDED: ReadonlySet<RunView['status']> = new Set(['complete', 'failed', 'cancelled']);

export function hasEnded(view: RunView): boolean {
  return ENDED.has(view.status);
}

/** The one run whose id is this or begins with it. Null when there is none; several are refused by name. */
export async function findRun(engine: Engine, idOrPrefix: string): Promise<string | null> {
  if ((await engine.get(idOrPrefix)) !== null) return idOrPrefix;
  const matches = (await engine.list()).map((run) => run.runId).filter((id) => id.startsWith(idOrPrefix));
  if (matches.length <= 1) return matches[0] ?? null;
  throw new AppError({
    code: 'usage',
    message: `ambiguous run ${idOrPrefix}`,
    userMessage: `"${idOrPrefix}" fits several runs: ${matches.slice(0, 5).join(', ')}. Give more of the id.`,
  });
}

/** True when nothing of the run works any more: every unfinished part waits, or only has parts that wait. */
export async function isIdle(engine: Engine, runId: string): Promise<boolean> {
  const active = await engine.active(runId);
  const parents = new Set(active.map((run) => run.parentId));
  return active.every((run) => run.status === 'waiting' || run.status === 'parked' || parents.has(run.runId));
}
