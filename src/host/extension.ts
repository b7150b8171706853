import * as vscode from 'vscode';
import type { HostApp } from './app.ts';
import { registerChat } from './chat/register.ts';
import { COMMANDS, COMMIT_SCHEME, CONSOLE_VIEW_TYPE, commandId, REVIEW_SCHEME, VIEWS } from './ids.ts';
import { LIVE_RUNS } from './live-runs.ts';
import { guard, lazyCommits, lazyFiles, lazyTree, once } from './shells.ts';

/**
 * Activation only registers shells; what is behind them is loaded, and the orchestrator process started, at first use. A run that
 * this window was executing before a reload counts as use.
 */
let stop: (() => Promise<void>) | null = null;

export function activate(context: vscode.ExtensionContext): void {
  const load = once(async () => {
    const { createApp } = await import('./create-app.ts');
    const app = createApp(context, views);
    stop = () => app.close();
    return app;
  });
  const app = async (): Promise<HostApp> => (await load()).app;
  const add = (register: () => vscode.Disposable) => {
    // One contribution that cannot be registered leaves the others as they are.
    guard(() => context.subscriptions.push(register()));
  };

  const inbox = lazyTree(async () => (await load()).trees.inbox);
  const agents = lazyTree(async () => (await load()).trees.agents);
  const tasks = lazyTree(async () => (await load()).trees.tasks);
  const views = {
    inbox: vscode.window.createTreeView(VIEWS.inbox, { treeDataProvider: inbox }),
    agents: vscode.window.createTreeView(VIEWS.agents, { treeDataProvider: agents }),
    tasks: vscode.window.createTreeView(VIEWS.tasks, { treeDataProvider: tasks, showCollapseAll: true }),
  };
  context.subscriptions.push(...Object.values(views));

  for (const name of COMMANDS) {
    add(() =>
      vscode.commands.registerCommand(commandId(name), async (...args: unknown[]) => {
        const { runCommand } = await import('./commands/run-command.ts');
        return runCommand(await app(), name, args);
      }),
    );
  }
  add(() =>
    vscode.window.registerWebviewPanelSerializer(CONSOLE_VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state: unknown) => (await app()).console.restore(panel, state),
    }),
  );
  add(() => vscode.workspace.registerTextDocumentContentProvider(COMMIT_SCHEME, lazyCommits(app)));
  add(() => vscode.workspace.registerFileSystemProvider(REVIEW_SCHEME, lazyFiles(app), { isCaseSensitive: true }));
  add(() =>
    vscode.window.registerUriHandler({
      handleUri: async (uri) => (await import('./uri-handler.ts')).handleUri(await app(), uri),
    }),
  );
  add(() => registerChat(app));

  const live = context.workspaceState.get<string[]>(LIVE_RUNS, []);
  if (live.length > 0) void load().then(({ resumeLive }) => resumeLive(live));
}

/** Ends the orchestrator process; runs stay resumable. */
export async function deactivate(): Promise<void> {
  await stop?.();
}
