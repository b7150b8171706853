import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { installVSCode } from '../../../scripts/vscode/install.mjs';
import { type Bridge, type Evaluate, openBridge } from './bridge.ts';
import { serverEnvironment } from './environment.ts';
import { layOutExtensions } from './extensions.ts';
import { own } from './owner.ts';
import { killMarked, markedProcesses } from './processes.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary.ts';
import { until } from './until.ts';

const START_MS = 60_000;
const STOP_MS = 5_000;

export interface ServerOptions {
  /** From `prepareExtensions`; without it the server has the bridge and `folders` only. */
  extensionsDir?: string;
  /** Extensions to install as they lie there, when there is no `extensionsDir`. */
  folders?: readonly string[];
  settings?: Record<string, unknown>;
  /** For the extension host and all it starts, for example ORCHESTRATOR_HOME. */
  env?: Record<string, string>;
  /** Of the server; any free one when it is left out. */
  port?: number;
  /** Goes on without a window; otherwise the server ends by itself five minutes after its last one, or without any. */
  staysAlone?: boolean;
  /** Opens the door to tests in the extension host; VS Code then hides toasts and refuses modal dialogs. */
  automation?: boolean;
  /** Keeps the data folder for a look at it. */
  keep?: boolean;
}

export interface Server {
  /** `127.0.0.1:<port>` */
  authority: string;
  bridge: Bridge;
  dataDir: string;
  evaluate: Evaluate;
  /** Resolves when the server has ended, by itself or by `stop`. */
  exited: Promise<void>;
  logsDir: string;
  pid: number;
  readLog: () => string;
  /** Ends the server and everything that descends from it. May be called twice. */
  stop: () => Promise<void>;
}

function serverArguments(file: string, dataDir: string, extensionsDir: string, options: ServerOptions): string[] {
  return [
    file,
    '--accept-server-license-terms',
    ...['--server-data-dir', dataDir, '--extensions-dir', extensionsDir],
    ...['--host', '127.0.0.1', '--port', String(options.port ?? 0), '--without-connection-token'],
    ...['--disable-workspace-trust', '--telemetry-level', 'off', '--disable-experiments'],
    ...['--reconnection-grace-time', '5', '--agent-host-bridge-path', path.join(dataDir, 'none')],
    // A test process that is killed outright leaves no server for ever.
    ...(options.staysAlone ? [] : ['--enable-remote-auto-shutdown']),
    ...(options.automation ? ['--enable-smoke-test-driver'] : []),
  ];
}

/** Lays out the user data that a server starts with; returns the folder of its extensions. */
function layOutData(dataDir: string, options: ServerOptions): string {
  const userDir = path.join(dataDir, 'data', 'User');
  fs.mkdirSync(userDir, { recursive: true });
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  fs.writeFileSync(path.join(userDir, 'settings.json'), JSON.stringify(settings, null, 2));
  if (options.extensionsDir !== undefined) return options.extensionsDir;
  const extensionsDir = path.join(dataDir, 'extensions');
  layOutExtensions(extensionsDir, options.folders);
  return extensionsDir;
}

interface Running {
  child: ChildProcess;
  exited: Promise<void>;
  hasExited: () => boolean;
  stop: () => Promise<void>;
}

function spawnOwned(data: TemporaryFolder, spawnServer: () => ChildProcess): Running {
  const kill = (signal: NodeJS.Signals) => killMarked(data.path, signal);
  const release = own(() => {
    kill('SIGKILL');
    data.remove();
  });
  const child = spawnServer();
  let isRunning = true;
  const { promise: exited, resolve } = Promise.withResolvers<void>();
  const end = () => {
    isRunning = false;
    resolve();
  };
  child.once('exit', end);
  child.once('error', end);
  const stop = async (): Promise<void> => {
    if (isRunning) {
      kill('SIGTERM');
      const late = setTimeout(() => kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(late);
    }
    // What the extension host left behind, too.
    const isOver = () => {
      kill('SIGKILL');
      return markedProcesses(data.path).length === 0;
    };
    await until(isOver, { what: 'the end of the processes of VS Code', timeoutMs: STOP_MS });
    release();
    data.remove();
  };
  return { child, exited, hasExited: () => !isRunning, stop };
}

/** One VS Code server with fresh user data, an own HOME and TMPDIR, no marketplace and no key of the person. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const { server: file, node } = installVSCode();
  const data = temporaryFolder('vsc-', { keep: options.keep ?? false });
  const dataDir = data.path;
  const extensionsDir = layOutData(dataDir, options);
  const bridgeDir = path.join(dataDir, 'bridge');
  const bridge = openBridge(bridgeDir);
  const logFile = path.join(dataDir, 'server.log');
  const { child, exited, hasExited, stop } = spawnOwned(data, () => {
    const log = fs.openSync(logFile, 'a');
    const started = spawn(node, serverArguments(file, dataDir, extensionsDir, options), {
      env: serverEnvironment(dataDir, { HARNESS_BRIDGE: bridgeDir, ...options.env }),
      stdio: ['ignore', log, log],
      detached: true,
    });
    fs.closeSync(log);
    return started;
  });
  const readLog = () => fs.readFileSync(logFile, 'utf8');
  try {
    const port = await until(
      () => {
        if (hasExited()) throw new Error('it ended');
        return /Extension host agent listening on (\d+)/.exec(readLog())?.[1];
      },
      { what: 'the port of the server', timeoutMs: START_MS, everyMs: 20 },
    );
    return {
      authority: `127.0.0.1:${port}`,
      bridge,
      dataDir,
      evaluate: bridge.evaluate,
      exited,
      logsDir: path.join(dataDir, 'data', 'logs'),
      pid: child.pid ?? 0,
      readLog,
      stop,
    };
  } catch (error) {
    const text = readLog().slice(-4000);
    await stop();
    throw new Error(`the VS Code server did not start:\n${text}`, { cause: error });
  }
}
