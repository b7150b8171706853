import type * as vscode from 'vscode';
import type { RunView } from '../protocol/view.ts';

/** Key of the workspace state: ids of the unfinished runs that this window executes. */
export const LIVE_RUNS = 'liveRuns';

/** Remembers which runs this window executes, so that they go on after a reload. */
export class LiveRuns {
  readonly #state: vscode.Memento;
  #runIds: Set<string>;

  constructor(state: vscode.Memento) {
    this.#state = state;
    this.#runIds = new Set(state.get<string[]>(LIVE_RUNS, []));
  }

  ids(): string[] {
    return [...this.#runIds];
  }

  async add(runId: string): Promise<void> {
    if (this.#runIds.has(runId)) return;
    this.#runIds.add(runId);
    await this.#state.update(LIVE_RUNS, [...this.#runIds]);
  }

  /** Forgets runs that have ended. */
  async settle(views: readonly (RunView | undefined)[]): Promise<void> {
    const ended = views.filter(
      (view) => view !== undefined && ['complete', 'failed', 'cancelled'].includes(view.status),
    );
    const before = this.#runIds.size;
    for (const view of ended) if (view !== undefined) this.#runIds.delete(view.runId);
    if (this.#runIds.size !== before) await this.#state.update(LIVE_RUNS, [...this.#runIds]);
  }

  async forget(runId: string): Promise<void> {
    if (this.#runIds.delete(runId)) await this.#state.update(LIVE_RUNS, [...this.#runIds]);
  }
}
