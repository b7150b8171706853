import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import * as vscode from 'vscode';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { EventRecord } from '../protocol/events.ts';
import { type CallContext, type CallOptions, createPeer, type Peer } from '../protocol/peer.ts';
import type { ServiceEvents, ServiceMethod, ServiceParamsOf, ServiceResults } from '../protocol/service.ts';

export interface ServiceClient extends vscode.Disposable {
  /** Starts the process when there is none, tells it the configuration, and calls. Rejects with an AppError. */
  call<M extends ServiceMethod>(
    method: M,
    params: ServiceParamsOf<M>,
    options?: CallOptions,
  ): Promise<ServiceResults[M]>;
  /** True once the process has been started in this window. */
  readonly isRunning: boolean;
  /** Process id, for tests and the log; null when there is none. */
  readonly pid: number | null;
  /** Tells a running process the configuration as it is now. */
  reconfigure(): Promise<void>;
  readonly onRecords: vscode.Event<EventRecord[]>;
  /** The process had to stop executing a run without ending it. */
  readonly onHalted: vscode.Event<ServiceEvents['halted']>;
  /** The process has ended by itself; the next call starts a new one. */
  readonly onEnded: vscode.Event<void>;
  /** Ends the process and waits for it, so that nothing is left running. */
  stop(): Promise<void>;
}

export interface ServiceClientOptions {
  /** `dist/service.js`. */
  modulePath: string;
  log: vscode.LogOutputChannel;
  configuration(): Promise<ServiceParamsOf<'configure'>>;
  /** Variables of the editor's proxy, asked for at each start of the process. */
  proxy?(): Record<string, string>;
  /** Calls of the process to this window: editor models. */
  handle(method: string, params: unknown, context: CallContext): Promise<unknown>;
}

interface Running {
  child: ChildProcess;
  peer: Peer;
  /** Null: to be told again before the next call. */
  configured: Promise<unknown> | null;
}

const STOP_LIMIT_MS = 8_000;
/** Composing programs, adopting runs and starting a local cloud. */
const CONFIGURE_LIMIT_MS = 60_000;

/** Owner of the window's orchestrator process. */
export function createServiceClient(options: ServiceClientOptions): ServiceClient {
  const { log } = options;
  const records = new vscode.EventEmitter<EventRecord[]>();
  const halted = new vscode.EventEmitter<ServiceEvents['halted']>();
  const ended = new vscode.EventEmitter<void>();
  let running: Running | null = null;
  let isDisposed = false;

  const configure = async (peer: Peer) =>
    peer.call('configure', await options.configuration(), { timeoutMs: CONFIGURE_LIMIT_MS });

  const start = (): Running => {
    if (isDisposed) throw stopped('the window is closing');
    const child = fork(options.modulePath, [], {
      // The extension host of a desktop runs in the editor's binary, which becomes plain Node by this variable.
      env: { ...withoutNodeOptions(process.env), ...options.proxy?.(), ELECTRON_RUN_AS_NODE: '1' },
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'json',
    });
    const peer = createPeer({
      send: (frame) => {
        // A channel that has closed fails every call through `exit`.
        if (child.connected) child.send(frame, () => undefined);
      },
      handle: options.handle,
      onEvent: (topic, value) => {
        if (topic === 'records') records.fire(value as ServiceEvents['records']);
        else if (topic === 'halted') halted.fire(value as ServiceEvents['halted']);
      },
      onBadFrame: (why) => log.warn(`bad frame: ${why}`),
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => log.info(text.trimEnd()));
    }
    child.on('message', (frame) => peer.receive(frame));
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(`it ended with ${signal ?? `code ${code}`}`));
    const end = (why: string) => {
      peer.close(gone(why));
      if (running?.child !== child) return;
      running = null;
      if (isDisposed) return;
      log.warn(`the orchestrator process has ended: ${why}`);
      ended.fire();
    };
    log.info(`the orchestrator process has started (pid ${child.pid ?? 'none'})`);
    return { child, peer, configured: null };
  };

  const stop = async () => {
    const stopping = running;
    running = null;
    if (stopping === null) return;
    const { child, peer } = stopping;
    peer.close(stopped('it was stopped'));
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(timer);
  };

  return {
    async call(method, params, callOptions) {
      running ??= start();
      const mine = running;
      try {
        mine.configured ??= configure(mine.peer);
        await mine.configured;
      } catch (thrown) {
        // The next call tells it again, with the configuration as it is then.
        mine.configured = null;
        throw toAppError(thrown);
      }
      return (await mine.peer.call(method, params, callOptions)) as ServiceResults[typeof method];
    },
    get isRunning() {
      return running !== null;
    },
    get pid() {
      return running?.child.pid ?? null;
    },
    async reconfigure() {
      if (running === null) return;
      const mine = running;
      mine.configured = configure(mine.peer);
      await mine.configured.catch((thrown: unknown) => {
        mine.configured = null;
        throw toAppError(thrown);
      });
    },
    onRecords: records.event,
    onHalted: halted.event,
    onEnded: ended.event,
    stop,
    dispose() {
      isDisposed = true;
      records.dispose();
      halted.dispose();
      ended.dispose();
      void stop();
    },
  };
}

function stopped(why: string): AppError {
  return new AppError({ code: 'aborted', message: `the orchestrator process was stopped: ${why}` });
}

function gone(why: string): AppError {
  return new AppError({
    code: 'transport',
    message: `the orchestrator process is gone: ${why}`,
    userMessage: `The orchestrator process is gone (${why}). Nothing is lost: resume the run. "Orchestrator: Show Log" has details.`,
  });
}

function withoutNodeOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = env;
  return rest;
}
