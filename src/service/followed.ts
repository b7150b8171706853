import type { AppApi } from '../app/api.ts';
import { type ErrorInfo, toAppError } from '../protocol/errors.ts';

/** The runs that this process executes. */
export interface Followed {
  /** Stays with a run until it has ended or waits for somebody; cleans up after one that ended early. */
  follow(runId: string, app: AppApi): void;
  /** Stops following; the ids stay known for `unfinished`. */
  pause(): void;
  /** Runs that were followed and had not ended. */
  unfinished(): string[];
}

export function createFollowed(onHalted: (runId: string, error: ErrorInfo) => void): Followed {
  const following = new Map<string, AbortController>();
  const known = new Set<string>();

  const stay = async (runId: string, app: AppApi, signal: AbortSignal): Promise<void> => {
    try {
      const view = await app.settled(runId, signal);
      if (view.status !== 'running' && view.status !== 'waiting') known.delete(runId);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code !== 'aborted' && !signal.aborted) onHalted(runId, error.toInfo());
    }
  };

  return {
    follow(runId, app) {
      following.get(runId)?.abort();
      const controller = new AbortController();
      following.set(runId, controller);
      known.add(runId);
      void stay(runId, app, controller.signal).finally(() => {
        if (following.get(runId) === controller) following.delete(runId);
      });
    },
    pause() {
      for (const controller of following.values()) controller.abort();
      following.clear();
    },
    unfinished: () => [...known],
  };
}
