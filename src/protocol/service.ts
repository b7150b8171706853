import * as z from 'zod';
import { Brief } from './brief.ts';
import type { ErrorInfo } from './errors.ts';
import type { EventRecord } from './events.ts';
import { Intent } from './intents.ts';
import type { Estimate } from './plan.ts';
import type { TaskRecord } from './records.ts';
import type { RunView } from './view.ts';
import type { ChangedFile, IssueRef } from './work.ts';

/**
 * What an editor window and its orchestrator process say to each other, over `peer.ts`. The window calls; the process emits
 * `records` and, for editor models, calls back (`protocol/language-models.ts`).
 */
const runId = z.string().min(1);
const dir = z.string().min(1);

/** Keys by the name of the variable that the command line reads them from. Never written anywhere by the process. */
export const SecretName = z.enum([
  'XAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'GITHUB_TOKEN',
  'APPWRITE_API_KEY',
  'ORCHESTRATOR_RECORDS_KEY',
]);
export type SecretName = z.infer<typeof SecretName>;

export const ServiceParams = {
  /**
   * Says what the process works with; the first call, and again after every change. Runs under way go on with the new values.
   * `environment`: addresses, project ids and ORCHESTRATOR_HOME, as the command line reads them; no keys.
   */
  configure: z.strictObject({
    environment: z.record(z.string(), z.string()),
    secrets: z.partialRecord(SecretName, z.string()),
    /** Settings of the editor, in the form of `orchestrator.config.json`, by workspace folder. */
    defaults: z.record(z.string(), z.record(z.string(), z.json())),
    /** The folder with `node` for commands of agents and checks; null: that of the running program. */
    nodePath: z.string().nullable(),
    hasEditorModels: z.boolean(),
    /** Parent of the folders in which samples run; absolute. */
    samplesDir: dir,
  }),
  /** Runs of these workspace folders and of samples, newest first. */
  list: z.strictObject({ workspaceDirs: z.array(dir), limit: z.int().positive() }),
  snapshot: z.strictObject({ runId }),
  events: z.strictObject({ runId, afterSeq: z.int().min(0), limit: z.int().positive() }),
  /** `local`: the local cloud stands in for what is not configured; for `start` only, a run keeps it. */
  dispatch: z.strictObject({ intent: Intent, local: z.boolean() }),
  /** Goes on with runs that an earlier process of this window was executing; answers nobody's wait. */
  adopt: z.strictObject({ runIds: z.array(runId) }),
  readFile: z.strictObject({ runId, commit: z.string(), path: z.string() }),
  changedFiles: z.strictObject({ runId, from: z.string(), to: z.string() }),
  output: z.strictObject({ runId, outputFile: z.string() }),
  worktree: z.strictObject({ runId, subtaskId: z.string() }),
  checkBrief: z.strictObject({ brief: z.unknown() }),
  parseBrief: z.strictObject({ name: z.string(), text: z.string(), format: z.enum(['yaml', 'json', 'markdown']) }),
  estimateBrief: z.strictObject({ brief: Brief, workspaceDir: dir }),
  doctor: z.strictObject({ workspaceDir: dir }),
  testKeys: z.strictObject({ workspaceDir: dir }),
  /** Which of the variables that a run up to deployment needs are not set. */
  missing: z.strictObject({ workspaceDir: dir }),
  samples: z.strictObject({}),
  startSample: z.strictObject({ number: z.string(), budgetUsd: z.number().positive() }),
  stopLocalCloud: z.strictObject({}),
  /** Everything known of a run as one JSON text: events, view, outputs of checks. */
  exportRun: z.strictObject({ runId }),
  readIssue: z.strictObject({ ref: z.string().min(1), workspaceDir: dir }),
  openIssues: z.strictObject({ workspaceDir: dir }),
  teamTasks: z.strictObject({ workspaceDir: dir }),
} as const satisfies Record<string, z.ZodType>;

export type ServiceMethod = keyof typeof ServiceParams;
export type ServiceParamsOf<M extends ServiceMethod> = z.input<(typeof ServiceParams)[M]>;

export interface BriefProblem {
  /** Path in the brief, such as `requirements[0]`; '' for the whole. */
  field: string;
  line: number | null;
  message: string;
}

export type BriefCheck = { ok: true; brief: Brief } | { ok: false; problems: BriefProblem[] };

export interface Diagnosis {
  name: string;
  /** `warning`: runs work, with less; `missing`: a run would fail. */
  state: 'ok' | 'warning' | 'missing';
  found: string;
  fix: string;
}

export interface KeyTestResult {
  role: 'lead' | 'agent' | 'escalation';
  model: string;
  outcome: 'answered' | 'reachable' | 'failed';
  latencyMs: number;
  message: string;
}

export interface Sample {
  number: string;
  name: string;
  description: string;
}

/** What each call resolves with. */
export interface ServiceResults {
  configure: null;
  list: RunView[];
  snapshot: RunView | null;
  events: EventRecord[];
  dispatch: { runId: string };
  adopt: null;
  readFile: string | null;
  changedFiles: ChangedFile[];
  output: string;
  /** Absolute path of the subtask's worktree; null when there is none now. */
  worktree: string | null;
  checkBrief: BriefCheck;
  parseBrief: BriefCheck;
  estimateBrief: Estimate;
  doctor: Diagnosis[];
  testKeys: KeyTestResult[];
  missing: string[];
  samples: Sample[];
  startSample: { runId: string; workspaceDir: string };
  stopLocalCloud: boolean;
  exportRun: string;
  readIssue: { issue: IssueRef; brief: Brief };
  openIssues: IssueRef[];
  /** Null when no shared database is configured. */
  teamTasks: TaskRecord[] | null;
}

/** One-way messages of the process. */
export interface ServiceEvents {
  /** Live events of all runs of the state folder, in order per run. */
  records: EventRecord[];
  /** This process had to stop executing the run without ending it, as on a full disk; it can be resumed. */
  halted: { runId: string; error: ErrorInfo };
}
