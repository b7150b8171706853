import { join } from 'node:path';
import * as vscode from 'vscode';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { ServiceParamsOf } from '../protocol/service.ts';
import type { HostApp } from './app.ts';
import { createConsole } from './console/console.ts';
import { trackContext } from './context-keys.ts';
import { createEditorModels, hasEditorModels } from './editor-models.ts';
import { showError } from './errors.ts';
import { createKeys } from './keys.ts';
import { LiveRuns } from './live-runs.ts';
import { findNodePath } from './node-path.ts';
import { createNotifications } from './notifications.ts';
import { createReview } from './review/review.ts';
import { createReviver } from './reviver.ts';
import { createRunStore } from './run-store.ts';
import { createServiceClient } from './service-client.ts';
import { readDefaults, readEnvironment, readProxy, SECTION, workspaceDirs } from './settings.ts';
import { createStatusBar } from './status-bar.ts';
import { createTestResults } from './test-results.ts';
import { createTrees, type Trees, type TreeViews } from './trees/trees.ts';

export interface LoadedApp {
  app: HostApp;
  trees: Trees;
  /** Goes on with runs that this window was executing before it was reloaded. */
  resumeLive(runIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** Builds everything behind the shells. The only place of the host where objects are built. */
export function createApp(context: vscode.ExtensionContext, views: TreeViews): LoadedApp {
  const log = vscode.window.createOutputChannel('AI Development Orchestrator', { log: true });
  const keys = createKeys(context);
  const samplesDir = join(context.globalStorageUri.fsPath, 'samples');

  const configuration = async (): Promise<ServiceParamsOf<'configure'>> => {
    const folders = workspaceDirs();
    return {
      environment: readEnvironment(),
      secrets: await keys.all(),
      defaults: Object.fromEntries(folders.map((folder) => [folder, readDefaults(folder)])),
      nodePath: await findNodePath(process.env, process.execPath),
      hasEditorModels: hasEditorModels(),
      samplesDir,
    };
  };
  const service = createServiceClient({
    modulePath: join(context.extensionPath, 'dist', 'service.js'),
    log,
    configuration,
    proxy: readProxy,
    handle: createEditorModels(context.languageModelAccessInformation),
  });
  const onError = (error: unknown) => {
    const { message, userMessage } = toAppError(error);
    log.error(message === userMessage ? message : `${message}: ${userMessage}`);
  };
  const runs = createRunStore({ service, workspaceDirs, samplesDir, onError });
  const live = new LiveRuns(context.workspaceState);

  const base = { context, log, service, runs, keys, live };
  const review = createReview(base);
  const console = createConsole({ ...base, review });
  const app: HostApp = { ...base, review, console };
  const trees = createTrees(app, views);

  const reconfigure = () => {
    service.reconfigure().catch((error: unknown) => showError(app, error));
  };
  const resumeLive = async (runIds: readonly string[]) => {
    if (runIds.length === 0 || !vscode.workspace.isTrusted) return;
    try {
      await runs.load();
      await service.call('adopt', { runIds: [...runIds] });
    } catch (error) {
      showError(app, error);
    }
  };
  const reviver = createReviver({
    now: Date.now,
    goOn: () => resumeLive(live.ids()),
    giveUp: () => showError(app, endedTooOften()),
  });
  const owned: vscode.Disposable[] = [
    log,
    keys,
    service,
    runs,
    console,
    trees,
    trackContext(app),
    createStatusBar(app),
    createNotifications(app),
    createTestResults(app),
    runs.onDidChange((runIds) => {
      live.settle([...runIds].map((runId) => runs.get(runId))).then(undefined, onError);
    }),
    service.onEnded(() => void reviver.revive()),
    service.onHalted(({ error }) => showError(app, AppError.fromInfo(error))),
    keys.onDidChange(reconfigure),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(SECTION)) reconfigure();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      runs.refresh().catch(onError);
      reconfigure();
    }),
  ];

  return {
    app,
    trees,
    resumeLive,
    async close() {
      await Promise.all([service.stop(), review.close()]);
      for (const owner of owned.reverse()) owner.dispose();
    },
  };
}

function endedTooOften(): AppError {
  return new AppError({
    code: 'internal',
    message: 'the orchestrator process ended too often',
    userMessage: vscode.l10n.t(
      'The orchestrator process has ended several times within minutes, so it is not started again by itself. Nothing is lost: look at the log, then resume the run.',
    ),
  });
}
