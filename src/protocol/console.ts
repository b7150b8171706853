import * as z from 'zod';
import type { Brief } from './brief.ts';
import { Stage } from './events.ts';
import { Intent } from './intents.ts';
import type { Estimate } from './plan.ts';
import type { BriefCheck } from './service.ts';
import type { RunView } from './view.ts';
import { IssueRef } from './work.ts';

/**
 * What the console (a webview) and the extension host say to each other, over `peer.ts`. The console asks, the host checks every
 * message; no keys, no absolute paths of keys or state, and no HTML go through here.
 */
const runId = z.string().min(1);
const text = z.string().max(100_000);

export const ConsoleTab = z.enum(['new', 'plan', 'progress', 'results']);
export type ConsoleTab = z.infer<typeof ConsoleTab>;

/** The brief form as it stands: anything may be empty or wrong. Kept by the host until it is started or cleared. */
export const BriefDraft = z.strictObject({
  name: text,
  description: text,
  type: z.enum(['web', 'mobile', 'api', 'fullstack']),
  requirements: z.array(text).max(200),
  constraints: z.array(text).max(200),
  autoSetup: z.boolean(),
  database: z.boolean(),
  functions: z.boolean(),
  /** Absolute folder; '' when none is chosen. */
  workspaceDir: text,
  /** As typed. */
  budgetUsd: text,
  askQuestions: z.boolean(),
  until: Stage,
  local: z.boolean(),
  /** The issue that the brief was made of; a run that is started from the form is about it. */
  issue: IssueRef.nullable().default(null),
});
export type BriefDraft = z.infer<typeof BriefDraft>;

/** What the host opens outside the console. Addresses come from the run's own view, never from the message. */
export const OpenTarget = z.discriminatedUnion('kind', [
  /** The multi-file diff of the run, or of one subtask; with `path` that file of it. */
  z.strictObject({ kind: z.literal('diff'), runId, subtaskId: z.string().nullable(), path: z.string().nullable() }),
  z.strictObject({ kind: z.literal('evidence'), runId, subtaskId: z.string().nullable(), index: z.int().min(0) }),
  z.strictObject({ kind: z.literal('live'), runId }),
  z.strictObject({ kind: z.literal('pull_request'), runId }),
  z.strictObject({ kind: z.literal('forge_check'), runId, index: z.int().min(0) }),
  z.strictObject({ kind: z.literal('issue'), runId }),
  z.strictObject({ kind: z.literal('workflow'), runId }),
  z.strictObject({ kind: z.literal('deployment'), runId, index: z.int().min(0) }),
  z.strictObject({ kind: z.literal('worktree'), runId, subtaskId: z.string() }),
  z.strictObject({ kind: z.literal('file'), runId, path: z.string(), line: z.int().min(0) }),
]);
export type OpenTarget = z.infer<typeof OpenTarget>;

/** Commands that the console may ask for, by the last part of their id. */
export const ConsoleCommand = z.enum([
  'setKeys',
  'testKeys',
  'pickModels',
  'signInToGitHub',
  'startSample',
  'showLog',
  'doctor',
  'exportRun',
  'rollBack',
  'openSettings',
]);
export type ConsoleCommand = z.infer<typeof ConsoleCommand>;

export const ConsoleParams = {
  /** The first call of a page. */
  ready: z.strictObject({}),
  /** The run's view now; from then on its events come as `records`. One run at a time. */
  watch: z.strictObject({ runId }),
  /** What the page shows, so that a reload shows it again. */
  shown: z.strictObject({ tab: ConsoleTab, runId: runId.nullable() }),
  saveDraft: z.strictObject({ draft: BriefDraft }),
  clearDraft: z.strictObject({}),
  checkDraft: z.strictObject({ draft: BriefDraft }),
  /** Reads a brief from a file that the person picks, or from the selection in the last text editor. */
  importBrief: z.strictObject({ from: z.enum(['file', 'selection']) }),
  chooseFolder: z.strictObject({}),
  start: z.strictObject({ draft: BriefDraft }),
  /** Every intent but `start`; the run must be one of this window's. */
  dispatch: z.strictObject({ intent: Intent }),
  open: z.strictObject({ target: OpenTarget }),
  output: z.strictObject({ runId, outputFile: z.string() }),
  /** Puts a text into the clipboard. */
  copy: z.strictObject({ text }),
  command: z.strictObject({ command: ConsoleCommand, runId: runId.nullable() }),
} as const satisfies Record<string, z.ZodType>;

export type ConsoleMethod = keyof typeof ConsoleParams;
export type ConsoleParamsOf<M extends ConsoleMethod> = z.input<(typeof ConsoleParams)[M]>;

/** A run in the list of the console. */
export interface RunSummary {
  runId: string;
  name: string;
  status: RunView['status'];
  stage: Stage;
  startedAt: string | null;
  /** Decisions that wait for a person. */
  waiting: number;
}

export interface ConsoleStart {
  tab: ConsoleTab;
  runId: string | null;
  draft: BriefDraft;
  runs: RunSummary[];
  /** Folders of the window, absolute. */
  folders: string[];
  /** False: looking works, nothing is started, executed or accepted. */
  isTrusted: boolean;
}

export interface DraftCheck {
  check: BriefCheck;
  /** Fields outside the brief: `workspaceDir`, `budgetUsd`. */
  problems: { field: string; message: string }[];
  /** Rough, from the brief alone; null while the brief does not fit. */
  estimate: Estimate | null;
}

export interface ImportedBrief {
  /** Null when the file does not hold a brief that fits; `message` says why. */
  brief: Brief | null;
  message: string;
}

export interface ConsoleResults {
  ready: ConsoleStart;
  watch: RunView | null;
  shown: null;
  saveDraft: null;
  /** The draft to go on with. */
  clearDraft: BriefDraft;
  checkDraft: DraftCheck;
  /** Null: nothing was picked. */
  importBrief: ImportedBrief | null;
  chooseFolder: string | null;
  start: { runId: string };
  dispatch: { runId: string };
  open: null;
  output: string;
  copy: null;
  command: null;
}

/** One-way messages of the host; `records` are `EventRecord[]` of the watched run. */
export interface ConsoleEvents {
  records: unknown;
  runs: RunSummary[];
  /** Names of keys and settings that a run without the local cloud needs and that are not set. */
  missing: string[];
  trusted: true;
  show: { tab: ConsoleTab; runId: string | null };
  /** The draft was replaced by the host, as by "Run Brief From File". */
  draft: BriefDraft;
}
