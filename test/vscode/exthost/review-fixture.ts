import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { HostBase, Review } from '../../../src/host/app.ts';
import type { Dialogs } from '../../../src/host/review/dialogs.ts';
import { createReview } from '../../../src/host/review/review.ts';
import { createUris, type Uris } from '../../../src/host/review/uris.ts';
import { AppError } from '../../../src/protocol/errors.ts';
import type { EventRecord } from '../../../src/protocol/events.ts';
import type { Intent } from '../../../src/protocol/intents.ts';
import { emptyView, type RunView, type Waiting } from '../../../src/protocol/view.ts';
import type { ChangedFile } from '../../../src/protocol/work.ts';

export const BASE = 'b'.repeat(40);
export const FIRST = '1'.repeat(40);
export const SECOND = '2'.repeat(40);
export const RUN = 'notes-1234';

/** Files of commits by path; a number is a file of so many bytes that is no text. */
export type Tree = Record<string, string | number>;

export interface Fixture {
  readonly review: Review;
  /** What the commands of a window get besides the review. */
  readonly app: HostBase;
  readonly uris: Uris;
  readonly intents: Intent[];
  readonly said: string[];
  readonly workspaceDir: string;
  /** Answers of the person: to a question, and to a request for text. */
  answers: { yes: boolean; text: string | null };
  readonly trees: Record<string, Tree>;
  view: RunView;
  /** Changes the run as its events would. */
  become(change: Partial<RunView>): void;
  tell(event: EventRecord['event']): void;
  /** Closes the window's part and opens it anew, as a reload does. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

export const diffWait = (version: number): Waiting => ({
  gate: 'diff',
  waitOn: RUN,
  topic: `diff:${version}`,
  message: 'The diff waits for review.',
  code: null,
  since: '2026-01-01T00:00:00Z',
});

/** A text that comes where another one with its first line goes is that one under another name. */
export function changedFiles(from: Tree, to: Tree): ChangedFile[] {
  const titleOf = (file: string | number | undefined) => (typeof file === 'string' ? file.split('\n')[0] : file);
  const gone = Object.keys(from).filter((path) => to[path] === undefined);
  const oldPaths = new Map<string, string>();
  for (const path of Object.keys(to).filter((each) => from[each] === undefined)) {
    const oldPath = gone.find((each) => titleOf(from[each]) === titleOf(to[path]));
    if (oldPath !== undefined) oldPaths.set(path, oldPath);
  }
  const lines = { addedLines: 0, removedLines: 0 };
  const moved = new Set(oldPaths.values());
  return [...new Set([...Object.keys(from), ...Object.keys(to)])]
    .sort()
    .filter((path) => from[path] !== to[path] && !moved.has(path))
    .map((path) => {
      const oldPath = oldPaths.get(path);
      if (oldPath !== undefined) return { path, status: 'renamed', oldPath, ...lines };
      const status = from[path] === undefined ? 'added' : to[path] === undefined ? 'deleted' : 'modified';
      return { path, status, ...lines };
    });
}

let count = 0;

/** The review of this window over a run and a process that the test plays; documents, diffs and comments are the editor's own. */
export function openFixture(trees: Record<string, Tree>): Fixture {
  count += 1;
  const schemes = { commit: `test-commit-${count}`, review: `test-review-${count}` };
  const uris = createUris(schemes);
  const dir = mkdtempSync(join(tmpdir(), 'orchestrator-review-'));
  const workspaceDir = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? dir;
  const changed = new vscode.EventEmitter<ReadonlySet<string>>();
  const records = new vscode.EventEmitter<EventRecord[]>();
  const tree = (commit: string) => trees[commit] ?? {};
  let owned: vscode.Disposable[] = [];
  let review: Review;

  const call = async (method: string, params: Record<string, string> & { intent?: Intent }) => {
    switch (method) {
      case 'readFile': {
        const file = tree(params.commit ?? '')[params.path ?? ''];
        if (typeof file !== 'number') return file ?? null;
        const why =
          file > 2_000_000 ? 'is larger than 2 MB and is not shown' : 'is not a text in UTF-8 and is not shown';
        throw new AppError({ code: 'usage', message: `${params.path} ${why}.` });
      }
      case 'changedFiles':
        return changedFiles(tree(params.from ?? ''), tree(params.to ?? ''));
      case 'dispatch':
        if (params.intent !== undefined) fixture.intents.push(params.intent);
        return { runId: RUN };
      default:
        throw new Error(`not played: ${method}`);
    }
  };

  const app = {
    context: { storageUri: vscode.Uri.file(dir), globalStorageUri: vscode.Uri.file(dir) },
    log: { error: (text: string) => fixture.said.push(`error: ${text}`) },
    service: { call },
    runs: {
      load: async () => undefined,
      refresh: async () => undefined,
      isLoaded: true,
      all: () => [fixture.view],
      get: (runId: string) => (runId === RUN ? fixture.view : undefined),
      onDidChange: changed.event,
      onRecords: records.event,
    },
    live: { add: async () => undefined },
  } as unknown as HostBase;

  const say = (message: string) => void fixture.said.push(message);
  const dialogs: Dialogs = {
    confirm: async (question) => {
      say(question);
      return fixture.answers.yes;
    },
    input: async (title) => {
      say(title);
      return fixture.answers.text;
    },
    tell: say,
    warn: say,
    mention: say,
    lasting: (_title, work) => work(new AbortController().signal),
  };

  const open = () => {
    review = createReview(app, { uris, dialogs });
    owned = [
      vscode.workspace.registerFileSystemProvider(schemes.review, review.files, { isCaseSensitive: true }),
      vscode.workspace.registerTextDocumentContentProvider(schemes.commit, review.commits),
    ];
  };
  const closeEditors = () => vscode.commands.executeCommand('workbench.action.closeAllEditors');
  const close = async () => {
    await closeEditors();
    for (const each of owned) each.dispose();
    await review.close();
  };

  const fixture: Fixture = {
    get review() {
      return review;
    },
    app,
    uris,
    intents: [],
    said: [],
    workspaceDir,
    answers: { yes: true, text: '' },
    trees,
    view: {
      ...emptyView(RUN),
      brief: { name: `Notes ${count}` } as RunView['brief'],
      workspaceDir,
      status: 'waiting',
      diff: { baseCommit: BASE, commit: FIRST, files: changedFiles(tree(BASE), tree(FIRST)) },
      waiting: [diffWait(0)],
    },
    become(change) {
      fixture.view = { ...fixture.view, ...change };
      changed.fire(new Set([RUN]));
    },
    tell: (event) => records.fire([{ v: 1, runId: RUN, seq: 1, at: '', event }]),
    async reload() {
      await close();
      open();
    },
    async close() {
      await close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  open();
  return fixture;
}
