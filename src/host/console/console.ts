import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { type ConsoleEvents, type ConsoleMethod, ConsoleParams, ConsoleTab } from '../../protocol/console.ts';
import { AppError, toAppError } from '../../protocol/errors.ts';
import { createPeer, type Peer } from '../../protocol/peer.ts';
import type { Console, HostBase, Review } from '../app.ts';
import { CONSOLE_VIEW_TYPE } from '../ids.ts';
import { workspaceDirs } from '../settings.ts';
import { provideDeploymentLogs } from './deployment-logs.ts';
import { withBrief } from './draft.ts';
import { DraftStore } from './draft-store.ts';
import { type Answers, createAnswers, type Page, summaries } from './handlers.ts';
import { type HistoryParts, sendHistory } from './history.ts';
import { consoleHtml } from './html.ts';
import { RecordFeed } from './record-feed.ts';

type App = HostBase & { review: Review };

/** What the page keeps for a reload (`webview/bridge.ts`); anything may be in it. */
const Kept = z.object({ tab: ConsoleTab, runId: z.string().nullable() });

export function createConsole(app: App): Console {
  const drafts = new DraftStore(app.context);
  let open: OpenPanel | null = null;
  let lastEditor = vscode.window.activeTextEditor;
  let read: string | undefined;
  const styles = () => {
    read ??= readFileSync(join(app.context.extensionPath, 'dist', 'console.css'), 'utf8');
    return read;
  };

  const owned: vscode.Disposable[] = [
    drafts,
    provideDeploymentLogs(app.runs),
    vscode.window.onDidChangeActiveTextEditor((editor) => {
      // A webview has no text editor: the last one counts.
      if (editor !== undefined) lastEditor = editor;
    }),
  ];

  const adopt = (panel: vscode.WebviewPanel, shown: Page['shown']): OpenPanel => {
    open?.panel.dispose();
    const opened = openPanel({ app, drafts, panel, shown, styles, lastEditor: () => lastEditor });
    open = opened;
    panel.onDidDispose(() => {
      opened.dispose();
      if (open === opened) open = null;
    });
    return opened;
  };

  const show = async (tab: ConsoleTab, runId: string | null) => {
    if (open === null) {
      adopt(vscode.window.createWebviewPanel(CONSOLE_VIEW_TYPE, title(), vscode.ViewColumn.Active), { tab, runId });
      return;
    }
    open.panel.reveal();
    open.show(tab, runId);
  };

  return {
    show,
    async restore(panel, state) {
      adopt(panel, Kept.safeParse(state).data ?? { tab: 'new', runId: null });
    },
    async edit(brief, from) {
      const draft = withBrief(drafts.get(), brief, from?.issue);
      const folder = workspaceDirs().find((dir) => dir === from?.workspaceDir);
      drafts.set(folder === undefined ? draft : { ...draft, workspaceDir: folder });
      open?.emit('draft', drafts.get());
      await show('new', null);
    },
    dispose() {
      open?.panel.dispose();
      for (const owner of owned) owner.dispose();
    },
  };
}

interface OpenPanel extends vscode.Disposable {
  readonly panel: vscode.WebviewPanel;
  show(tab: ConsoleTab, runId: string | null): void;
  emit<T extends keyof ConsoleEvents>(topic: T, value: ConsoleEvents[T]): void;
}

interface PanelParts {
  app: App;
  drafts: DraftStore;
  panel: vscode.WebviewPanel;
  shown: Page['shown'];
  /** The styles of the page. */
  styles(): string;
  lastEditor(): vscode.TextEditor | undefined;
}

/** The page in one panel. A hidden page is gone; shown again it begins with `ready`. */
function openPanel({ app, drafts, panel, shown: first, styles, lastEditor }: PanelParts): OpenPanel {
  const { webview } = panel;
  let shown = first;
  const emit: OpenPanel['emit'] = (topic, value) => peer.emit(topic, value);
  const feed = new RecordFeed((batch) => {
    if (panel.visible) emit('records', batch);
  });

  const page: Page = {
    app,
    drafts,
    get shown() {
      return shown;
    },
    remember: (tab, runId) => {
      shown = { tab, runId };
    },
    feed: (runId) => feed.watch(runId),
    sendHistory: (runId, untilSeq) => {
      const parts: HistoryParts = {
        read: (afterSeq, limit) => app.service.call('events', { runId, afterSeq, limit }),
        send: (chunk) => emit('records', chunk),
        isWanted: () => panel.visible && feed.runId === runId,
      };
      sendHistory(parts, untilSeq).catch((thrown: unknown) => app.log.warn(toAppError(thrown).message));
    },
    loaded: () => {
      void sendWhatTakesLonger();
    },
    sendDraft: () => emit('draft', drafts.get()),
    lastEditor,
  };
  const answers = createAnswers(page);
  const peer: Peer = createPeer({
    send: (frame) => void webview.postMessage(frame),
    handle: (method, params) => answer(app, answers, method, params),
    onBadFrame: (why) => app.log.warn(`console: a message that does not fit: ${why}`),
  });

  /** What needs the orchestrator's process, which may have to start first. */
  const sendWhatTakesLonger = async () => {
    try {
      await app.runs.load();
      emit('runs', summaries(app.runs.all()));
      const workspaceDir = workspaceDirs()[0];
      if (workspaceDir !== undefined) emit('missing', await app.service.call('missing', { workspaceDir }));
    } catch (thrown) {
      // What the page asks for itself says so there.
      app.log.warn(`console: ${toAppError(thrown).message}`);
    }
  };

  const owned: vscode.Disposable[] = [
    feed,
    webview.onDidReceiveMessage((frame: unknown) => peer.receive(frame)),
    app.runs.onRecords((records) => feed.take(records)),
    app.runs.onDidChange(() => {
      if (panel.visible && app.runs.isLoaded) emit('runs', summaries(app.runs.all()));
    }),
    app.keys.onDidChange(() => void sendWhatTakesLonger()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => emit('trusted', true)),
    panel.onDidChangeViewState(() => {
      if (!panel.visible) feed.watch(null);
    }),
  ];

  const dist = vscode.Uri.joinPath(app.context.extensionUri, 'dist');
  webview.options = { enableScripts: true, localResourceRoots: [dist] };
  const icon = (theme: 'light' | 'dark') =>
    vscode.Uri.joinPath(app.context.extensionUri, 'media', `console-${theme}.svg`);
  panel.iconPath = { light: icon('light'), dark: icon('dark') };
  webview.html = consoleHtml({
    title: title(),
    language: vscode.env.language,
    scriptUri: String(webview.asWebviewUri(vscode.Uri.joinPath(dist, 'console.js'))),
    styles: styles(),
    cspSource: webview.cspSource,
    nonce: randomBytes(16).toString('base64'),
    texts: vscode.l10n.bundle ?? {},
    loadingText: vscode.l10n.t('The console is loading.'),
    tabs: tabLabels().map(([tab, label]) => ({ label, isSelected: tab === shown.tab })),
  });

  return {
    panel,
    emit,
    show(tab, runId) {
      shown = { tab, runId: runId ?? shown.runId };
      emit('show', shown);
    },
    dispose() {
      peer.close(new AppError({ code: 'aborted', message: 'the console was closed' }));
      for (const owner of owned) owner.dispose();
    },
  };
}

function answer(app: HostBase, answers: Answers, method: string, raw: unknown): Promise<unknown> {
  const refuse = (why: string) => {
    app.log.warn(`console: refused ${method}: ${why}`);
    return Promise.reject(new AppError({ code: 'internal', message: `refused ${method}: ${why}` }));
  };
  if (!isMethod(method)) return refuse('there is no such call');
  const parsed = ConsoleParams[method].safeParse(raw);
  if (!parsed.success) return refuse(parsed.error.message);
  return answers[method](parsed.data as never);
}

function isMethod(name: string): name is ConsoleMethod {
  return Object.hasOwn(ConsoleParams, name);
}

/** As the page names them (`webview/console.tsx`). */
const tabLabels = (): [ConsoleTab, string][] => [
  ['new', vscode.l10n.t('New task')],
  ['plan', vscode.l10n.t('Plan')],
  ['progress', vscode.l10n.t('Progress')],
  ['results', vscode.l10n.t('Results')],
];

const title = () => vscode.l10n.t('Orchestrator');
