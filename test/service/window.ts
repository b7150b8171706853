import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopLocalCloud } from '../../src/app/local-cloud.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { createPeer, type Peer } from '../../src/protocol/peer.ts';
import type { ServiceMethod, ServiceParamsOf, ServiceResults } from '../../src/protocol/service.ts';
import { emptyView, fold, type RunView } from '../../src/protocol/view.ts';

/** An editor window as its orchestrator process sees it: the other end of the channel, and nothing more. */
export interface TestWindow {
  child: ChildProcess;
  call<M extends ServiceMethod>(method: M, params: ServiceParamsOf<M>): Promise<ServiceResults[M]>;
  configure(change?: Partial<ServiceParamsOf<'configure'>>): Promise<void>;
  /** Resolves when the run's view, folded from what the process sends, fits. */
  until(runId: string, fits: (view: RunView) => boolean): Promise<RunView>;
  /** Closes the channel, as a window that goes does, and waits for the end of the process. */
  close(): Promise<number | null>;
}

export interface Place {
  stateDir: string;
  samplesDir: string;
  openWindow(): TestWindow;
  remove(): Promise<void>;
}

const WAIT_LIMIT_MS = 60_000;

/** A state folder of its own. `remove` ends every window and the local cloud. */
export async function makePlace(): Promise<Place> {
  const dir = await mkdtemp(join(tmpdir(), 'window-'));
  const stateDir = join(dir, 'state');
  const samplesDir = join(dir, 'samples');
  const windows = new Set<TestWindow>();
  return {
    stateDir,
    samplesDir,
    openWindow() {
      const window = openWindow({ stateDir, samplesDir });
      windows.add(window);
      return window;
    },
    async remove() {
      for (const window of windows) await window.close();
      await stopLocalCloud({ stateDir });
      await rm(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function openWindow({ stateDir, samplesDir }: { stateDir: string; samplesDir: string }): TestWindow {
  const child = fork(join(import.meta.dirname, '../../src/service/main.ts'), [], {
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const views = new Map<string, RunView>();
  const watchers = new Set<() => void>();
  const peer: Peer = createPeer({
    send: (frame) => void (child.connected && child.send(frame, () => undefined)),
    handle: (method) => Promise.reject(new AppError({ code: 'internal', message: `not asked: ${method}` })),
    onEvent: (_topic, value) => {
      for (const record of value as EventRecord[]) {
        const view = views.get(record.runId) ?? emptyView(record.runId);
        if (record.seq === view.seq + 1) views.set(record.runId, fold(view, record));
      }
      for (const watcher of [...watchers]) watcher();
    },
  });
  child.on('message', (frame) => peer.receive(frame));
  child.once('exit', () => peer.close(new AppError({ code: 'aborted', message: 'the process has ended' })));

  const call: TestWindow['call'] = async (method, params) =>
    (await peer.call(method, params)) as ServiceResults[typeof method];
  return {
    child,
    call,
    async configure(change = {}) {
      await call('configure', {
        environment: { ORCHESTRATOR_HOME: stateDir },
        secrets: {},
        defaults: {},
        nodePath: null,
        hasEditorModels: false,
        samplesDir,
        ...change,
      });
      for (const view of await call('list', { workspaceDirs: [], limit: 50 })) views.set(view.runId, view);
    },
    until(runId, fits) {
      const waiting = Promise.withResolvers<RunView>();
      const check = () => {
        const view = views.get(runId);
        if (view !== undefined && fits(view)) waiting.resolve(view);
        else if (view?.status === 'failed') waiting.reject(new Error(view.error?.userMessage));
      };
      const timer = setTimeout(() => {
        const view = views.get(runId);
        waiting.reject(new Error(`not reached: ${view?.status} at ${view?.stage}, ${JSON.stringify(view?.waiting)}`));
      }, WAIT_LIMIT_MS);
      watchers.add(check);
      check();
      return waiting.promise.finally(() => {
        clearTimeout(timer);
        watchers.delete(check);
      });
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      if (child.connected) child.disconnect();
      await exited;
      return child.exitCode;
    },
  };
}
