import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import type { Settings } from '../../src/app/config.ts';
import type { Deps, Io } from '../../src/cli/io.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { Intent } from '../../src/protocol/intents.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import type { Evidence } from '../../src/protocol/work.ts';
import { createFakeApp, FAKE_RUN_ID, FAKE_START_MS, type FakeApp } from './app-api.ts';

/** A command line without a process: streams in memory, a fake program below. */

export interface Harness {
  run(...argv: string[]): Promise<number>;
  stdout(): string;
  stderr(): string;
  /** Types lines; each is delivered when something reads. */
  type(...lines: string[]): void;
  interrupt(): void;
  readonly app: FakeApp;
  /** Settings that the program was opened with, last one last. */
  readonly opened: Settings[];
  readonly cloudStarts: number;
  readonly dir: string;
  readonly briefPath: string;
  /** Resolves when stderr holds the text. */
  until(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  onIntent?: (intent: Intent, app: FakeApp) => void;
  env?: Record<string, string>;
  isInteractive?: boolean;
}

const CLOUD = {
  xaiBaseUrl: 'http://127.0.0.1:1/v1',
  anthropicBaseUrl: 'http://127.0.0.1:1',
  githubApiUrl: 'http://127.0.0.1:2/api/v3',
  githubToken: 'token',
  appwriteEndpoint: 'http://127.0.0.1:3/v1',
  appwriteProjectId: 'local',
  appwriteApiKey: 'key',
};

const BRIEF_TEXT = 'name: Guestbook\ndescription: Visitors leave notes.\ntype: web\nrequirements:\n  - A form\n';

export async function createHarness(options: HarnessOptions = {}): Promise<Harness> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-cli-'));
  const briefPath = join(dir, 'brief.yaml');
  await writeFile(briefPath, BRIEF_TEXT);
  const app = createFakeApp(options.onIntent ?? (() => {}));
  const opened: Settings[] = [];
  const interrupts = new Set<() => void>();
  const written = new Set<() => void>();
  const collect = () => {
    let text = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        text += String(chunk);
        done();
        for (const look of [...written]) look();
      },
    });
    return { stream, text: () => text };
  };
  const stdout = collect();
  const stderr = collect();
  const stdin = new PassThrough();
  let cloudStarts = 0;
  const io: Io = {
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { ORCHESTRATOR_HOME: join(dir, 'state'), ...options.env },
    cwd: dir,
    isInteractive: options.isInteractive ?? false,
    isLive: false,
    hasColor: false,
    now: () => FAKE_START_MS + 90_000,
    onInterrupt: (handler) => {
      interrupts.add(handler);
      return () => interrupts.delete(handler);
    },
    onOutputClosed: () => () => {},
  };
  const deps: Deps = {
    openApp: async (settings) => {
      opened.push(settings);
      return app;
    },
    checkWorkspace: async () => {},
    ensureLocalCloud: async () => {
      cloudStarts += 1;
      return CLOUD;
    },
  };
  return {
    run: (...argv) => runCommandLine(argv, io, deps, '0.0.0'),
    stdout: stdout.text,
    stderr: stderr.text,
    type: (...lines) => {
      for (const line of lines) stdin.write(`${line}\n`);
    },
    interrupt: () => {
      for (const handler of [...interrupts]) handler();
    },
    app,
    opened,
    get cloudStarts() {
      return cloudStarts;
    },
    dir,
    briefPath,
    until: (text) =>
      new Promise((resolve) => {
        const look = () => {
          if (!stderr.text().includes(text)) return;
          written.delete(look);
          resolve();
        };
        written.add(look);
        look();
      }),
    close: () => rm(dir, { recursive: true, force: true }),
  };
}

// ---------------------------------------------------------------- events of a small run

const PLAN: Plan = {
  summary: 'A page and a function.',
  architecture: 'Static page, one function.',
  complexity: 'simple',
  packages: [],
  sharedInterfaces: [],
  subtasks: [subtask('api', [], 'Notes are stored'), subtask('page', ['api'], 'The form sends a note')],
  integrationChecks: [],
  deployment: { databaseId: null, tables: [], functions: [], sites: [], liveChecks: [] },
};

function subtask(id: string, dependsOn: string[], criterion: string): Plan['subtasks'][number] {
  return {
    id,
    title: `Build the ${id}`,
    description: 'Build it.',
    specialization: 'backend',
    priority: 1,
    effort: 'medium',
    dependsOn,
    ownedPaths: [`${id}/`],
    removesTests: [],
    acceptanceCriteria: [{ text: criterion, requirements: [1] }],
    checks: [{ name: 'tests', command: 'npm test' }],
  };
}

const PASSED: Evidence = {
  name: 'tests',
  command: 'npm test',
  exitCode: 0,
  outcome: 'passed',
  durationMs: 1_250,
  outputTail: '',
  outputFile: null,
};

const FILES = [{ path: 'api/main.js', status: 'added' as const, addedLines: 12, removedLines: 0 }];

export function modelCalled(agentId: string | null, subtaskId: string | null, costUsd: number): DomainEvent {
  return {
    type: 'model.called',
    role: agentId === null ? 'lead' : 'agent',
    purpose: agentId === null ? 'plan' : 'turn',
    subtaskId,
    agentId,
    provider: 'test',
    model: 'model-1',
    usage: { inputTokens: 8_000, cachedInputTokens: 2_000, cacheWriteTokens: 0, outputTokens: 500 },
    costUsd,
    durationMs: 900,
  };
}

export const started = (dir: string): DomainEvent => ({
  type: 'run.started',
  brief: {
    name: 'Guestbook',
    description: 'Visitors leave notes.',
    type: 'web',
    requirements: ['A form'],
    constraints: [],
    deployment: { target: 'appwrite', autoSetup: true, database: false, functions: false },
  },
  workspaceDir: dir,
  budgetUsd: 10,
  slug: 'guestbook',
});

export const planned: DomainEvent[] = [
  { type: 'stage.entered', stage: 'plan' },
  modelCalled(null, null, 0.12),
  {
    type: 'plan.proposed',
    plan: PLAN,
    estimate: { tokens: { low: 1, high: 2 }, costUsd: { low: 0.2, high: 0.6 }, wallMs: { low: 60_000, high: 120_000 } },
  },
];

export const waits = (
  gate: 'plan' | 'diff' | 'questions' | 'deployment' | 'resume',
  code: 'budget_exceeded' | null = null,
): DomainEvent => ({
  type: 'wait.began',
  gate,
  waitOn: FAKE_RUN_ID,
  topic: gate,
  message: `Decide on the ${gate}.`,
  code,
});

export const goesOn = (gate: 'plan' | 'diff' | 'questions' | 'deployment' | 'resume'): DomainEvent => ({
  type: 'wait.ended',
  gate,
  waitOn: FAKE_RUN_ID,
  topic: gate,
});

export const built: DomainEvent[] = [
  { type: 'stage.entered', stage: 'build' },
  {
    type: 'subtask.started',
    subtaskId: 'api',
    agentId: 'backend-1',
    specialization: 'backend',
    baseCommit: 'a'.repeat(40),
  },
  { type: 'subtask.acted', subtaskId: 'api', agentId: 'backend-1', action: 'edited api/main.js', failed: false },
  modelCalled('backend-1', 'api', 0.031),
  { type: 'subtask.checked', subtaskId: 'api', round: 1, evidence: [PASSED], faults: [] },
  {
    type: 'subtask.reviewed',
    subtaskId: 'api',
    round: 1,
    review: { verdict: 'approve', summary: 'Good.', findings: [] },
  },
  { type: 'subtask.approved', subtaskId: 'api', agentId: 'backend-1', commit: 'b'.repeat(40), rounds: 1 },
  { type: 'subtask.integrated', subtaskId: 'api', commit: 'c'.repeat(40), files: FILES },
];

export const diffProposed: DomainEvent[] = [
  { type: 'stage.entered', stage: 'review' },
  { type: 'diff.proposed', baseCommit: 'a'.repeat(40), commit: 'c'.repeat(40), files: FILES },
];

export const completed: DomainEvent[] = [
  {
    type: 'live.verified',
    url: 'http://site.localhost:1',
    results: [
      {
        url: 'http://site.localhost:1/',
        method: 'GET',
        status: 200,
        passed: true,
        detail: 'status 200',
        durationMs: 20,
      },
    ],
  },
  { type: 'run.completed', url: 'http://site.localhost:1', stoppedAfter: 'deploy' },
];
