import * as vscode from 'vscode';
import type { RunView } from '../../../../src/protocol/view.ts';

/** The runs of a window, put there by a test. */
export class FakeRuns {
  readonly #views = new Map<string, RunView>();
  readonly #changed = new vscode.EventEmitter<ReadonlySet<string>>();
  readonly onDidChange = this.#changed.event;
  isLoaded = false;
  /** Thrown by the next loads. */
  trouble: Error | null = null;

  async load(): Promise<void> {
    if (this.trouble !== null) throw this.trouble;
    this.isLoaded = true;
  }

  all(): RunView[] {
    return [...this.#views.values()].reverse();
  }

  get(runId: string): RunView | undefined {
    return this.#views.get(runId);
  }

  put(...views: RunView[]): void {
    for (const view of views) this.#views.set(view.runId, view);
    this.#changed.fire(new Set(views.map(({ runId }) => runId)));
  }

  remove(runId: string): void {
    this.#views.delete(runId);
    this.#changed.fire(new Set([runId]));
  }

  /** What `orchestrator.refresh` does in the end. */
  recover(): void {
    this.trouble = null;
    this.isLoaded = true;
    this.#changed.fire(new Set());
  }
}
