import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { createAgentTools } from '../adapters/agents/tools.ts';
import { refuseCommand } from '../adapters/checks/command-policy.ts';
import { createCommandRunner } from '../adapters/checks/command-runner.ts';
import { createConfiguredRegistry } from '../adapters/checks/configured-registry.ts';
import { createNpmRegistry } from '../adapters/checks/npm-registry.ts';
import { archiveRunRefs } from '../adapters/git/archive-refs.ts';
import { createRepository } from '../adapters/git/repository.ts';
import { createAnthropicAgent } from '../adapters/models/anthropic.ts';
import { createEditorAgent } from '../adapters/models/editor-agent.ts';
import { createEditorLead } from '../adapters/models/editor-lead.ts';
import { createXaiLead } from '../adapters/models/xai.ts';
import { createXaiChatLead } from '../adapters/models/xai-chat.ts';
import { systemClock } from '../core/clock.ts';
import { createEmbeddedEngine } from '../core/engine/embedded-engine.ts';
import { createEventLog } from '../core/engine/event-log.ts';
import { deleteRun as deleteRows } from '../core/engine/retention.ts';
import { openStore, type Store } from '../core/engine/store.ts';
import { buildDefinition } from '../core/flow/build.ts';
import { deployDefinition } from '../core/flow/deploy-merged.ts';
import { integrateDefinition } from '../core/flow/integrate.ts';
import { OverlapRadar } from '../core/flow/overlap-radar.ts';
import type { RunPolicy } from '../core/flow/policy.ts';
import { Rehearsals } from '../core/flow/rehearsals.ts';
import { rollbackDefinition } from '../core/flow/rollback.ts';
import { Seats } from '../core/flow/seats.ts';
import type { Services } from '../core/flow/services.ts';
import { subtaskDefinition } from '../core/flow/subtask.ts';
import { limitCommands } from '../core/heavy-commands.ts';
import { createLedger } from '../core/ledger-sqlite.ts';
import { createLimiter } from '../core/limiter.ts';
import { createModelCalls } from '../core/model-calls.ts';
import type { AgentModel, LeadModel, Log, PackageRegistry, RecordStore } from '../core/ports.ts';
import { openTempFolder } from '../core/temp-folder.ts';
import { AppError } from '../protocol/errors.ts';
import type { EditorModels } from '../protocol/language-models.ts';
import type { AppApi } from './api.ts';
import { createAppApi } from './app-api.ts';
import { cleanUpRun } from './clean-up.ts';
import { LOCAL_MODEL_KEY, type RecordSettings, type Settings } from './config.ts';
import { deleteRun, repositoryOf } from './delete-run.ts';
import { createFiles } from './files.ts';
import { createIssues } from './issues.ts';
import { ofLocalCloud } from './local-models.ts';
import { openDeployer, openForge, openLiveProbe, openRecordStore } from './outside-systems.ts';
import { createReader } from './reading.ts';
import { openRecords } from './records.ts';
import { runPolicy } from './run-policy.ts';

export interface ComposeOptions {
  settings: Settings;
  log: Log;
  /** The editor's models, when there is an editor. */
  editorModels?: EditorModels | null;
  /** Where the records of runs of another workspace go; by default as its configuration file says. */
  recordSettingsOf?: (workspaceDir: string) => RecordSettings;
  /** Ports to use instead of the real ones; for tests. */
  override?: Partial<Services>;
}

/** Commands of agents and checks together may use this part of the memory; the rest is the editor's and the system's. */
const COMMAND_MEMORY_SHARE = 0.75;

/** The only place where objects are built. Nothing connects to anything before it is used. */
export async function compose({
  settings,
  log,
  editorModels,
  recordSettingsOf,
  override,
}: ComposeOptions): Promise<AppApi> {
  const clock = override?.clock ?? systemClock;
  const store = openStore(settings.stateDir, clock);
  const events = createEventLog(store);
  const ledger = createLedger(store);
  const limiter = createLimiter({ clock });
  const temp = openTempFolder({ log });
  const runner = limitCommands(
    createCommandRunner({
      sandbox: settings.sandbox.mode,
      log,
      tempDir: temp.path,
      packageCacheDir: join(settings.stateDir, 'package-cache'),
      ...(settings.nodePath === null ? {} : { nodePath: settings.nodePath }),
    }),
    {
      cores: availableParallelism(),
      memoryBytes: totalmem() * COMMAND_MEMORY_SHARE,
    },
  );
  const services: Services = {
    calls: createModelCalls({
      lead: createLead(settings, editorModels ?? null),
      agent: createAgent(settings, editorModels ?? null),
      ledger,
      limiter,
      clock,
      random: Math.random,
      log,
    }),
    repository: createRepository({ tempDir: temp.path }),
    runner,
    tools: createAgentTools(runner),
    forge: openForge(settings, clock, log),
    deployer: openDeployer(settings, clock, log),
    probe: openLiveProbe(clock),
    registry: createRegistry(settings),
    ledger,
    events,
    clock,
    log,
    files: createFiles(),
    radar: new OverlapRadar(),
    rehearsals: new Rehearsals(),
    seats: new Seats(),
    remote: settings.remote,
    refuseCommand,
    runDir: (rootRunId) => join(settings.stateDir, 'runs', rootRunId),
    ...override,
  };
  const recordStore = openRecordStore(settings, log);
  const api = assemble({
    ...{ settings, log, store, services, recordStore },
    ...(recordSettingsOf === undefined ? {} : { recordSettingsOf }),
  });
  return { ...api, close: () => api.close().finally(temp.close) };
}

export interface AssembleOptions {
  settings: Settings;
  log: Log;
  store: Store;
  services: Services;
  /** The database that a team shares; default none. */
  recordStore?: RecordStore | null;
  recordSettingsOf?: (workspaceDir: string) => RecordSettings;
  /** What a new run keeps of the settings; for tests. */
  policyOf?: (settings: Settings) => RunPolicy;
}

/** The engine, the definitions over the given services, and the door to them. */
export function assemble(options: AssembleOptions): AppApi {
  const { settings, log, store, services, policyOf = runPolicy, recordStore = null, recordSettingsOf } = options;
  const { clock, events, ledger } = services;
  const engine = createEmbeddedEngine({ store, clock, log });
  const children = { subtask: subtaskDefinition(services), integrate: integrateDefinition(services) };
  const build = buildDefinition(services, children);
  const deployment = deployDefinition(services);
  const rollback = rollbackDefinition(services);
  engine.register(build, children.subtask, children.integrate, deployment, rollback);
  const deletion = {
    engine,
    repository: services.repository,
    archiveRefs: archiveRunRefs,
    runDir: services.runDir,
    deleteRows: (runId: string) => deleteRows(store, runId),
  };
  const api = createAppApi({
    engine,
    events,
    ledger,
    build,
    deployment,
    rollback,
    policy: () => policyOf(settings),
    refuseCommand: services.refuseCommand,
    clock,
    random: Math.random,
    reader: createReader(services),
    issues: createIssues(services),
    records: openRecords({
      ...{ settings, store, events, clock, log, target: recordStore },
      ...(recordSettingsOf === undefined ? {} : { settingsOf: recordSettingsOf }),
    }),
    deleteRun: (runId, workspaceDir) => deleteRun(deletion, runId, workspaceDir),
    async cleanUp(runId, workspaceDir) {
      if ((await engine.active(runId)).length > 0) return;
      // A step that was just cancelled may still be making a worktree.
      await engine.idle(runId);
      const repoDir = await repositoryOf(services, workspaceDir).catch(() => null);
      if (repoDir !== null) await cleanUpRun({ ...services, history: engine.history }, runId, repoDir);
    },
  });
  return { ...api, close: () => api.close().finally(() => services.repository.close()) };
}

function createLead(settings: Settings, editorModels: EditorModels | null): LeadModel {
  const { api, apiKey, baseUrl, provider } = settings.models.lead;
  if (provider === 'editor') return createEditorLead(editorModels ?? outsideAnEditor('models.lead.provider'));
  const options = { apiKey: apiKey ?? '', baseUrl };
  const lead = api === 'chat' ? createXaiChatLead(options) : createXaiLead(options);
  return apiKey === LOCAL_MODEL_KEY ? ofLocalCloud.lead(lead) : lead;
}

function createAgent(settings: Settings, editorModels: EditorModels | null): AgentModel {
  const { apiKey, baseUrl, provider } = settings.models.agent;
  if (provider === 'editor') return createEditorAgent(editorModels ?? outsideAnEditor('models.agent.provider'));
  const agent = createAnthropicAgent({ apiKey: apiKey ?? '', baseUrl });
  return apiKey === LOCAL_MODEL_KEY ? ofLocalCloud.agent(agent) : agent;
}

/** Without an editor every call fails, not the program: looking at a run needs no models. */
function outsideAnEditor(setting: string): EditorModels {
  const refuse = () =>
    Promise.reject(
      new AppError({
        code: 'configuration',
        message: `${setting} is "editor" outside an editor`,
        userMessage: `${setting} is set to the editor's models, but this program runs outside it. Start the run from the editor, or change the setting.`,
      }),
    );
  return { list: refuse, send: refuse, countTokens: refuse };
}

function createRegistry({ registryUrl }: Settings): PackageRegistry {
  return registryUrl === null ? createConfiguredRegistry() : createNpmRegistry({ baseUrl: registryUrl });
}
