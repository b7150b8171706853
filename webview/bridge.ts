import type { ConsoleMethod, ConsoleParamsOf, ConsoleResults } from '../src/protocol/console.ts';
import { AppError } from '../src/protocol/errors.ts';
import { type CallOptions, createPeer } from '../src/protocol/peer.ts';

/** The only user of `acquireVsCodeApi`: calls to the extension host, and its events. */

interface VsCodeApi {
  postMessage(message: unknown): void;
  setState(state: unknown): void;
  getState(): unknown;
}

/** What the page keeps while it is hidden or the window reloads; the host reads `tab` and `runId` of it. */
interface Kept {
  tab: string;
  runId: string | null;
  /** Changes of a plan that were not sent yet, as `plan/edits.ts` reads them. */
  planEdits?: unknown;
}

declare function acquireVsCodeApi(): VsCodeApi;

export interface Bridge {
  /** Rejects with an AppError; decisions of a person and pickers have no time limit. */
  call<M extends ConsoleMethod>(
    method: M,
    params: ConsoleParamsOf<M>,
    options?: CallOptions,
  ): Promise<ConsoleResults[M]>;
  /** Adds to what is kept. */
  keep(state: Partial<Kept>): void;
  kept(): Partial<Kept>;
}

export function openBridge(onEvent: (topic: string, value: unknown) => void): Bridge {
  const api = acquireVsCodeApi();
  const peer = createPeer({
    send: (frame) => api.postMessage(frame),
    // The host asks nothing of the page.
    handle: (method) =>
      Promise.reject(new AppError({ code: 'internal', message: `the console does not answer ${method}` })),
    onEvent,
    onBadFrame: (why) => console.warn(why),
  });
  const kept = () => {
    const state = api.getState();
    return typeof state === 'object' && state !== null ? (state as Partial<Kept>) : {};
  };
  // Only the host can reach this window: a webview's frame has an origin of its own.
  window.addEventListener('message', (event) => peer.receive(event.data));
  return {
    call: async (method, params, options) =>
      (await peer.call(method, params, options)) as ConsoleResults[typeof method],
    keep: (state) => api.setState({ ...kept(), ...state }),
    kept,
  };
}
