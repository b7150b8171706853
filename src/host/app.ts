import type * as vscode from 'vscode';
import type { Brief } from '../protocol/brief.ts';
import type { ConsoleTab } from '../protocol/console.ts';
import type { IssueRef } from '../protocol/work.ts';
import type { Keys } from './keys.ts';
import type { LiveRuns } from './live-runs.ts';
import type { RunStore } from './run-store.ts';
import type { ServiceClient } from './service-client.ts';

/** What the parts of the host are built from. */
export interface HostBase {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  /** Starts the orchestrator process at the first call. */
  readonly service: ServiceClient;
  readonly runs: RunStore;
  readonly keys: Keys;
  /** To be told of every run that this window starts or goes on with. */
  readonly live: LiveRuns;
}

/** What every contribution gets. Built at first use by `create-app.ts`. */
export interface HostApp extends HostBase {
  readonly console: Console;
  readonly review: Review;
}

/** The console panel, one per window. */
export interface Console extends vscode.Disposable {
  show(tab: ConsoleTab, runId: string | null): Promise<void>;
  /** Takes over the panel that the editor restores after a reload. */
  restore(panel: vscode.WebviewPanel, state: unknown): Promise<void>;
  /** Puts a brief into the form and shows it; `from`: the issue that it was made of, and the folder that was asked about. */
  edit(brief: Brief, from?: { issue: IssueRef; workspaceDir: string }): Promise<void>;
}

/** Diffs of a run in VS Code's own editors, and the person's choices about them. */
export interface Review {
  /** The multi-file diff of all that waits for acceptance; `path` reveals one file. */
  open(runId: string, path?: string): Promise<void>;
  /** Read only: what one subtask changed. */
  openSubtask(runId: string, subtaskId: string, path?: string): Promise<void>;
  /** Accepts everything as the agents left it. */
  acceptAll(runId: string): Promise<void>;
  /** Accepts what the review kept (rejected hunks and files left out); says so and asks first when comments are unsent. */
  finish(runId: string): Promise<void>;
  /** Sends the open comments and `comment` to an agent as a revision. */
  sendBack(runId: string, comment: string): Promise<void>;
  run(command: ReviewCommand, args: readonly unknown[]): Promise<void>;
  readonly files: vscode.FileSystemProvider;
  readonly commits: vscode.TextDocumentContentProvider;
  /** Ends with the window; resolves when the last choices and comments are on disk. */
  close(): Promise<void>;
}

export type ReviewCommand =
  | 'acceptFile'
  | 'rejectFile'
  | 'acceptHunk'
  | 'rejectHunk'
  | 'nextHunk'
  | 'previousHunk'
  | 'finish'
  | 'sendComments'
  | 'sinceLastLook'
  | 'openEvidence'
  | 'comment'
  | 'addComment'
  | 'editComment'
  | 'saveComment'
  | 'cancelComment'
  | 'deleteComment';
