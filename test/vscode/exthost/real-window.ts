import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { HostApp } from '../../../src/host/app.ts';
import type { Dialogs } from '../../../src/host/review/dialogs.ts';
import { createReview } from '../../../src/host/review/review.ts';
import { createUris, type Uris } from '../../../src/host/review/uris.ts';
import { createRunStore } from '../../../src/host/run-store.ts';
import { createServiceClient, type ServiceClient } from '../../../src/host/service-client.ts';
import type { Intent } from '../../../src/protocol/intents.ts';
import type { EditorModelPart, EditorModelRequest } from '../../../src/protocol/language-models.ts';
import type { RunView } from '../../../src/protocol/view.ts';
import { until } from '../harness/until.ts';

/** A part of a window of its own: the real process, engine, git and review, over a repository of its own. */
export interface RealWindow {
  readonly app: HostApp;
  readonly uris: Uris;
  readonly workspaceDir: string;
  /** What was asked of the process, in order. */
  readonly intents: Intent[];
  readonly said: string[];
  /** The run when it is as wanted. */
  reaches(runId: string, what: string, isWanted: (view: RunView) => boolean): Promise<RunView>;
  git(...args: string[]): string;
  close(): Promise<void>;
}

export interface RealWindowOptions {
  /** Files of the first commit by path. */
  files: Record<string, string | Uint8Array>;
  /** What the models say; they alone are played. */
  lead(purpose: string): unknown;
  agent(turn: number): EditorModelPart[];
}

const EXTENSION_ID = 'ai-development-orchestrator';
const LIMIT_MS = 60_000;
const model = (family: string) => ({
  ...{ id: `played/${family}`, vendor: 'played', family, name: family, version: '1' },
  maxInputTokens: 200_000,
});
const MODELS = [model('lead'), model('agent')];
const provided = (family: string) => ({ provider: 'editor', model: `played/${family}` });

function answer(options: RealWindowOptions, request: EditorModelRequest): EditorModelPart[] {
  if (request.modelId === 'played/agent') {
    return options.agent(request.messages.filter(({ role }) => role === 'assistant').length);
  }
  const texts = request.messages.at(-1)?.parts.map((part) => (part.kind === 'text' ? part.text : '')) ?? [];
  const purpose = /^Request: (.*)$/m.exec(texts.join('\n'))?.[1] ?? '';
  return [{ kind: 'text', text: JSON.stringify(options.lead(purpose)) }];
}

function extensionDir(): string {
  const found = vscode.extensions.all.find(({ packageJSON }) => packageJSON.name === EXTENSION_ID);
  if (found === undefined) throw new Error(`no extension ${EXTENSION_ID}`);
  return found.extensionPath;
}

export function openRealWindow(options: RealWindowOptions): RealWindow {
  const root = mkdtempSync(join(tmpdir(), 'orchestrator-window-'));
  const workspaceDir = join(root, 'workspace');
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], {
      cwd: workspaceDir,
      encoding: 'utf8',
    });
  for (const [path, content] of Object.entries(options.files)) {
    mkdirSync(dirname(join(workspaceDir, path)), { recursive: true });
    writeFileSync(join(workspaceDir, path), content);
  }
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');

  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const intents: Intent[] = [];
  const log = { info: () => undefined, warn: () => undefined, error: say, show: () => undefined };
  const samplesDir = join(root, 'samples');
  const client = createServiceClient({
    modulePath: join(extensionDir(), 'dist', 'service.js'),
    log: log as unknown as vscode.LogOutputChannel,
    configuration: async () => ({
      environment: { ORCHESTRATOR_HOME: join(root, 'state') },
      secrets: {},
      defaults: { [workspaceDir]: { models: { lead: provided('lead'), agent: provided('agent') } } },
      nodePath: null,
      hasEditorModels: true,
      samplesDir,
    }),
    async handle(method, params, { part }) {
      if (method === 'editorModels.list') return MODELS;
      if (method === 'editorModels.countTokens') return Math.ceil((params as { text: string }).text.length / 4);
      for (const each of answer(options, params as EditorModelRequest)) part(each);
      return null;
    },
  });
  const service: ServiceClient = Object.assign(Object.create(client), {
    call: ((method, params, callOptions) => {
      if (method === 'dispatch') intents.push((params as { intent: Intent }).intent);
      return client.call(method, params, callOptions);
    }) satisfies ServiceClient['call'],
  });
  const runs = createRunStore({
    service,
    workspaceDirs: () => [workspaceDir],
    samplesDir,
    onError: (e) => say(String(e)),
  });

  const schemes = { commit: 'test-window-commit', review: 'test-window-review' };
  const uris = createUris(schemes);
  const dialogs: Dialogs = {
    confirm: async (question) => {
      say(question);
      return true;
    },
    input: async (title) => {
      say(title);
      return '';
    },
    tell: say,
    warn: say,
    mention: say,
    lasting: (_title, work) => work(new AbortController().signal),
  };
  const storage = vscode.Uri.file(join(root, 'storage'));
  const base = {
    context: { storageUri: storage, globalStorageUri: storage },
    ...{ log, service, runs, keys: {}, live: { add: async () => undefined } },
    console: { show: async () => undefined },
  };
  const review = createReview(base as unknown as HostApp, { uris, dialogs });
  const owned: vscode.Disposable[] = [
    runs,
    vscode.workspace.registerFileSystemProvider(schemes.review, review.files, { isCaseSensitive: true }),
    vscode.workspace.registerTextDocumentContentProvider(schemes.commit, review.commits),
  ];

  return {
    app: { ...base, review } as unknown as HostApp,
    uris,
    workspaceDir,
    intents,
    said,
    reaches: (runId, what, isWanted) =>
      until(
        () => {
          const view = runs.get(runId);
          if (view?.status === 'failed') throw new Error(`the run failed: ${JSON.stringify(view.error)}`);
          return view !== undefined && isWanted(view) && view;
        },
        { what, timeoutMs: LIMIT_MS },
      ),
    git,
    async close() {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      for (const each of owned) each.dispose();
      await Promise.all([client.stop(), review.close()]);
      client.dispose();
      rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
