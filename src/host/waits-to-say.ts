import type { RunView, Waiting } from '../protocol/view.ts';

export interface RunWait {
  view: RunView;
  wait: Waiting;
}

const waitKey = (runId: string, wait: Waiting): string => `${runId}|${wait.waitOn}|${wait.topic}`;

/** A pause is the person's own doing: that the run waits then is no news. */
const OWN_DOING: ReadonlySet<string | null> = new Set(['paused']);

/** Remembers which waits a person has been told of, so that each is told once in a window. */
export class WaitsToSay {
  readonly #known = new Set<string>();

  /** The waits that are new since the last call. */
  take(views: readonly RunView[]): RunWait[] {
    const fresh: RunWait[] = [];
    for (const view of views) {
      for (const wait of view.waiting) {
        const key = waitKey(view.runId, wait);
        if (this.#known.has(key)) continue;
        this.#known.add(key);
        if (!OWN_DOING.has(wait.code)) fresh.push({ view, wait });
      }
    }
    return fresh;
  }
}

export function isStillWaiting(view: RunView | undefined, wait: Waiting): boolean {
  return view?.waiting.some((other) => other.waitOn === wait.waitOn && other.topic === wait.topic) ?? false;
}
