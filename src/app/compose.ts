import { join } from 'node:path';
import { createAgentTools } from '../adapters/agents/tools.ts';
import { createDeployer } from '../adapters/appwrite/deployer.ts';
import { createLiveProbe } from '../adapters/appwrite/live-probe.ts';
import { refuseCommand } from '../adapters/checks/command-policy.ts';
import { createCommandRunner } from '../adapters/checks/command-runner.ts';
import { createNpmRegistry } from '../adapters/checks/npm-registry.ts';
import { createRepository } from '../adapters/git/repository.ts';
import { createForge } from '../adapters/github/forge.ts';
import { createAnthropicAgent } from '../adapters/models/anthropic.ts';
import { createXaiLead } from '../adapters/models/xai.ts';
import { createXaiChatLead } from '../adapters/models/xai-chat.ts';
import { systemClock } from '../core/clock.ts';
import { createEmbeddedEngine } from '../core/engine/embedded-engine.ts';
import { createEventLog } from '../core/engine/event-log.ts';
import { openStore } from '../core/engine/store.ts';
import { buildDefinition } from '../core/flow/build.ts';
import { integrateDefinition } from '../core/flow/integrate.ts';
import { OverlapRadar } from '../core/flow/overlap-radar.ts';
import type { Services } from '../core/flow/services.ts';
import { subtaskDefinition } from '../core/flow/subtask.ts';
import { createLedger } from '../core/ledger-sqlite.ts';
import { createLimiter } from '../core/limiter.ts';
import { createModelCalls } from '../core/model-calls.ts';
import type { Clock, Forge, LeadModel, Log, PackageRegistry } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';
import type { AppApi } from './api.ts';
import { createAppApi } from './app-api.ts';
import type { Settings } from './config.ts';
import { createFiles } from './files.ts';

export interface ComposeOptions {
  settings: Settings;
  log: Log;
  /** Ports to use instead of the real ones; for tests. */
  override?: Partial<Services>;
}

/** The only place where objects are built. Nothing connects to anything before it is used. */
export async function compose({ settings, log, override }: ComposeOptions): Promise<AppApi> {
  const clock = systemClock;
  const store = openStore(settings.stateDir, clock);
  const events = createEventLog(store);
  const ledger = createLedger(store);
  const limiter = createLimiter({ clock });
  const runner = createCommandRunner({
    sandbox: settings.sandbox.mode,
    log,
    packageCacheDir: join(settings.stateDir, 'package-cache'),
  });
  const services: Services = {
    calls: createModelCalls({
      lead: createLead(settings),
      agent: createAnthropicAgent({
        apiKey: settings.models.agent.apiKey ?? '',
        baseUrl: settings.models.agent.baseUrl,
      }),
      ledger,
      limiter,
      clock,
      random: Math.random,
      log,
    }),
    repository: createRepository(),
    runner,
    tools: createAgentTools(runner),
    forge: openForge(settings, clock),
    deployer: createDeployer({
      endpoint: settings.appwrite.endpoint,
      projectId: settings.appwrite.projectId ?? '',
      apiKey: settings.appwrite.apiKey ?? '',
      clock,
      log,
      ...(settings.appwrite.sitesDomain === null ? {} : { sitesDomain: settings.appwrite.sitesDomain }),
      ...(settings.appwrite.functionsDomain === null ? {} : { functionsDomain: settings.appwrite.functionsDomain }),
    }),
    probe: createLiveProbe({ clock }),
    registry: createRegistry(settings),
    ledger,
    events,
    clock,
    log,
    files: createFiles(),
    radar: new OverlapRadar(),
    refuseCommand,
    runDir: (rootRunId) => join(settings.stateDir, 'runs', rootRunId),
    ...override,
  };
  const engine = createEmbeddedEngine({ store, clock, log });
  const children = { subtask: subtaskDefinition(services), integrate: integrateDefinition(services) };
  const build = buildDefinition(services, children);
  engine.register(build, children.subtask, children.integrate);
  return createAppApi({ engine, events, ledger: services.ledger, build, settings, clock, random: Math.random });
}

/** Commands that need no GitHub work without a token; what needs it says so. */
function openForge(settings: Settings, clock: Clock): Forge {
  const { token, apiUrl } = settings.github;
  if (token !== null) return createForge({ token, apiUrl, clock });
  const refuse = () => {
    throw new AppError({
      code: 'auth',
      message: 'no GitHub token',
      userMessage: 'GITHUB_TOKEN is not set. Set it, or use --local, then resume the run.',
    });
  };
  return {
    recognise: refuse,
    gitAuthorization: refuse,
    ensureRepository: refuse,
    ensurePullRequest: refuse,
    checks: refuse,
    merge: refuse,
  };
}

function createLead(settings: Settings): LeadModel {
  const { api, apiKey, baseUrl } = settings.models.lead;
  const options = { apiKey: apiKey ?? '', baseUrl };
  return api === 'chat' ? createXaiChatLead(options) : createXaiLead(options);
}

/** Without a configured registry nothing is known about package names, and nothing is refused for it. */
function createRegistry(settings: Settings): PackageRegistry {
  if (settings.registryUrl === null) return { exists: async () => 'unknown' };
  return createNpmRegistry({ baseUrl: settings.registryUrl });
}
