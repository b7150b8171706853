import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgentTools } from '../../src/adapters/agents/tools.ts';
import { refuseCommand } from '../../src/adapters/checks/command-policy.ts';
import { createCommandRunner } from '../../src/adapters/checks/command-runner.ts';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { createForge } from '../../src/adapters/github/forge.ts';
import type { AppApi } from '../../src/app/api.ts';
import { assemble } from '../../src/app/compose.ts';
import { loadSettings, type Settings } from '../../src/app/config.ts';
import { createFiles } from '../../src/app/files.ts';
import { runPolicy } from '../../src/app/run-policy.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import { openStore } from '../../src/core/engine/store.ts';
import { OverlapRadar } from '../../src/core/flow/overlap-radar.ts';
import type { RunPolicy } from '../../src/core/flow/policy.ts';
import { Rehearsals } from '../../src/core/flow/rehearsals.ts';
import { Seats } from '../../src/core/flow/seats.ts';
import type { Services } from '../../src/core/flow/services.ts';
import { createLedger } from '../../src/core/ledger-sqlite.ts';
import { createLimiter } from '../../src/core/limiter.ts';
import { createModelCalls } from '../../src/core/model-calls.ts';
import type {
  AgentModel,
  AgentTurnRequest,
  Clock,
  Forge,
  LeadModel,
  LeadRequest,
  Log,
  RecordStore,
  ToolCall,
} from '../../src/core/ports.ts';
import type { Brief } from '../../src/protocol/brief.ts';
import type { DomainEvent, Stage } from '../../src/protocol/events.ts';
import type { Plan } from '../../src/protocol/plan.ts';
import type { RunView } from '../../src/protocol/view.ts';
import type { IssueRef, Review } from '../../src/protocol/work.ts';
import {
  type GithubStandIn,
  type GithubStandInOptions,
  startGithubStandIn,
} from '../../src/sandbox/github/stand-in.ts';
import { createFakeDeployer } from '../fakes/deployer.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { ScriptedAgent, ScriptedLead } from '../fakes/models.ts';
import { aBrief } from '../fakes/plan.ts';

const silent: Log = { info: () => {}, warn: () => {} };

/** What the scripted models answer. A turn is a list of calls; the counters start at 0. */
export interface Script {
  plan: Plan | ((request: LeadRequest, asked: number) => unknown);
  questions?: { id: string; text: string; defaultAnswer: string }[];
  /** `a`, or `a:merge` for what an agent made of a conflict. */
  review?: (subtaskId: string, round: number, request: LeadRequest) => Review | string | Promise<Review | string>;
  turn(subtaskId: string, turn: number, request: AgentTurnRequest): Answer | Promise<Answer>;
}

export type Call = [name: string, input: unknown];
/** A list of calls, or the whole reply. */
type Answer = Call[] | Awaited<ReturnType<ConstructorParameters<typeof ScriptedAgent>[0]>>;

export const write = (path: string, content: string): Call => ['write', { file_path: path, content }];
export const run = (command: string): Call => ['run', { command }];
export const finish = (report = 'done'): Call => ['finish', { report }];
export const approve: Review = { verdict: 'approve', summary: 'fine', findings: [] };

async function replyOf(script: Script, request: LeadRequest, asked: Map<string, number>): Promise<string> {
  const [kind = '', subtaskId = '', ...rest] = request.purpose.split(' ');
  const round = /round (\d+)/.exec(request.purpose)?.[1] ?? '1';
  const counter = kind.startsWith('plan') ? 'plan' : kind;
  const count = asked.get(counter) ?? 0;
  asked.set(counter, count + 1);
  if (kind === 'clarify') return JSON.stringify({ questions: script.questions ?? [] });
  if (kind.startsWith('plan')) {
    const answer = typeof script.plan === 'function' ? script.plan(request, count) : script.plan;
    return typeof answer === 'string' ? answer : JSON.stringify(answer);
  }
  const about = rest[0] === 'merge' ? `${subtaskId}:merge` : subtaskId;
  const review = (await script.review?.(about, Number(round), request)) ?? approve;
  return typeof review === 'string' ? review : JSON.stringify(review);
}

/** `a`, or `a:merge` for the agent that joins a conflict. */
function subtaskOf(request: AgentTurnRequest): string {
  const first = request.messages[0];
  const text = first?.role === 'user' ? first.text : '';
  const id = /^Subtask: (\S+)$/m.exec(text)?.[1] ?? '?';
  return /^Request: merge$/m.test(text) ? `${id}:merge` : id;
}

export interface Rig {
  app: AppApi;
  stateDir: string;
  workspaceDir: string;
  lead: ScriptedLead;
  agent: ScriptedAgent;
  services: Services;
  /** The GitHub stand-in; throws when `RigOptions.forge` is in its place. */
  readonly github: GithubStandIn;
  start(
    options?: Partial<{
      brief: Brief;
      autoApprove: boolean;
      askQuestions: boolean;
      budgetUsd: number;
      until: Stage;
      issue: IssueRef;
    }>,
  ): Promise<string>;
  settled(runId: string): Promise<RunView>;
  eventsOf(runId: string): DomainEvent[];
  git(...args: string[]): string;
  /** Closes the application and opens another on the same state, as a restarted process would. */
  restart(): Promise<void>;
  /** A second application on the same state, as another process has one; the caller closes it. */
  another(): AppApi;
  close(): Promise<void>;
}

export interface RigOptions {
  env?: Record<string, string>;
  prepareWorkspace?: (dir: string) => void;
  adjust?: (services: Services) => Partial<Services>;
  /** In place of the scripted models. */
  models?: { lead: LeadModel; agent: AgentModel };
  /** Of the waits between tries of a model call; the system's by default. */
  clock?: Clock;
  /** In place of the GitHub stand-in, which takes a while to start. */
  forge?: Forge;
  /** Of the GitHub stand-in. */
  github?: Omit<GithubStandInOptions, 'dataDir'>;
  /** Whether a project gets the plan's checks as a workflow, as it does by default outside of tests. Default false. */
  ciWorkflow?: boolean;
  policy?: Partial<RunPolicy>;
  /** The database that a team shares; default none. */
  recordStore?: RecordStore;
  /** Default off, as in a system without bubblewrap. */
  sandbox?: 'auto' | 'off';
}

/** The real core, engine, git, tools and commands; GitHub is the stand-in; models and cloud are fakes. */
export async function openRig(script: Script, options: RigOptions = {}): Promise<Rig> {
  const root = mkdtempSync(join(tmpdir(), 'rig-'));
  const stateDir = join(root, 'state');
  const workspaceDir = join(root, 'workspace');
  options.prepareWorkspace?.(workspaceDir);
  const asked = new Map<string, number>();
  const lead = new ScriptedLead(async (request) => ({ text: await replyOf(script, request, asked) }));
  let calls = 0;
  const agent = new ScriptedAgent(async (request) => {
    const turn = request.messages.filter((message) => message.role === 'assistant').length;
    const scripted = await script.turn(subtaskOf(request), turn, request);
    if (!Array.isArray(scripted)) return scripted;
    const toolCalls = scripted.map(([name, input]): ToolCall => {
      calls += 1;
      return { id: `call-${calls}`, name, input };
    });
    return toolCalls.length === 0 ? { text: 'Nothing left to do.' } : { toolCalls };
  });
  const models = options.models ?? { lead, agent };
  const modelClock = options.clock ?? systemClock;
  const github = options.forge ? null : await startGithubStandIn({ ...options.github, dataDir: join(root, 'github') });
  const forge = github
    ? createForge({ token: github.token, apiUrl: github.apiUrl, clock: systemClock })
    : (options.forge ?? createFakeForge());

  const openApp = (): { app: AppApi; services: Services } => {
    const settings = loadSettings({ env: { ORCHESTRATOR_HOME: stateDir, ...options.env }, workspaceDir });
    const store = openStore(stateDir, systemClock);
    const ledger = createLedger(store);
    const runner = createCommandRunner({ sandbox: options.sandbox ?? 'off', log: silent, tempDir: () => root });
    const base: Services = {
      calls: createModelCalls({
        ...models,
        ledger,
        limiter: createLimiter({ clock: modelClock }),
        clock: modelClock,
        random: () => 0,
        log: silent,
      }),
      repository: createRepository({ tempDir: () => root }),
      runner,
      tools: createAgentTools(runner),
      forge,
      deployer: createFakeDeployer(),
      probe: {
        check: async (url, check) => ({
          url: url + check.path,
          method: check.method,
          status: 200,
          passed: true,
          detail: 'ok',
          durationMs: 1,
        }),
      },
      registry: { exists: async (name) => (name.startsWith('no-such') ? 'no' : 'yes') },
      ledger,
      events: createEventLog(store),
      clock: systemClock,
      log: silent,
      files: createFiles(),
      radar: new OverlapRadar(),
      rehearsals: new Rehearsals(),
      seats: new Seats(),
      remote: { ...settings.remote, ciWorkflow: options.ciWorkflow ?? false },
      refuseCommand,
      runDir: (rootRunId) => join(stateDir, 'runs', rootRunId),
    };
    const services = { ...base, ...options.adjust?.(base) };
    const policyOf = (from: Settings) => ({ ...runPolicy(from), ...options.policy });
    const app = assemble({
      settings,
      log: silent,
      store,
      services,
      policyOf,
      recordStore: options.recordStore ?? null,
    });
    return { app, services };
  };

  let open = openApp();
  const rig: Rig = {
    get app() {
      return open.app;
    },
    get services() {
      return open.services;
    },
    get github() {
      if (github === null) throw new Error('this rig has no GitHub stand-in');
      return github;
    },
    stateDir,
    workspaceDir,
    lead,
    agent,
    async start(given = {}) {
      const intent = {
        brief: aBrief(),
        autoApprove: true,
        askQuestions: false,
        budgetUsd: 10,
        until: 'deploy' as const,
        ...given,
      };
      return (await open.app.dispatch({ type: 'start', workspaceDir, ...intent })).runId;
    },
    settled: (runId) => open.app.settled(runId, AbortSignal.timeout(60_000)),
    eventsOf: (runId) => open.app.events(runId, 0, 10_000).map((record) => record.event),
    git: (...args) => execFileSync('git', args, { cwd: workspaceDir, encoding: 'utf8' }),
    async restart() {
      await open.app.close();
      open = openApp();
    },
    another: () => openApp().app,
    async close() {
      await open.app.close();
      await github?.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  return rig;
}

export function readWorkspace(rig: Rig, path: string): string {
  return readFileSync(join(rig.workspaceDir, path), 'utf8');
}

/** Call it in a `describe`: opens rigs for its tests, and closes after each test what that one has opened. */
export function useRigs(): (script: Script, options?: RigOptions) => Promise<Rig> {
  const rigs: Rig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });
  return async (script, options) => {
    const rig = await openRig(script, options);
    rigs.push(rig);
    return rig;
  };
}
