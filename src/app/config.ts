import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { AppError } from '../protocol/errors.ts';
import type { Stage } from '../protocol/events.ts';
import type { Effort } from '../protocol/plan.ts';
import { DEFAULT_ALLOWED_COMMANDS } from './allowed-commands.ts';
import { type ConfigFile, checkDefaults, readConfigFile, withDefaults } from './config-file.ts';
import { expandHome, readEnvironment, readFlags, type SettingsFlags } from './config-values.ts';
import { listProblems, type Problem } from './located.ts';

/** Everything a run may be told from outside, complete and checked. Keys are null when they are not configured. */
export interface Settings {
  /** Absolute; exists and is writable. */
  stateDir: string;
  /** Absolute. */
  workspaceDir: string;
  /** Path of the `orchestrator.config.json` that was read, or null when there is none. */
  configFile: string | null;
  models: {
    /** Provider `editor`: a model of the editor that the program runs in; it has no key and no address. */
    lead: {
      provider: 'xai' | 'editor';
      model: string;
      effort: Effort;
      api: 'responses' | 'chat';
      baseUrl: string;
      apiKey: string | null;
    };
    /** Effort null: what the plan says for each subtask. */
    agent: {
      provider: 'anthropic' | 'editor';
      model: string;
      effort: Effort | null;
      baseUrl: string;
      apiKey: string | null;
    };
    /** Takes over hard subtasks in the middle of a conversation, so it is of the agents' provider. */
    escalation: { model: string; effort: Effort };
  };
  /** Agents at work at the same time; default 4. */
  concurrency: number;
  /** US dollars a run may cost; default 10. */
  budgetUsd: number;
  checks: {
    /** Command prefixes, by words. The workspace's own are added to the defaults. */
    allow: string[];
    deny: string[];
    /** Default 600,000. */
    wallMs: number;
    /** Longest silence; default 120,000. */
    idleMs: number;
    setup: string[];
    include: string[];
  };
  /** Default `auto`: used where the system has it; network off. */
  sandbox: { mode: 'auto' | 'required' | 'off'; network: boolean };
  remote: {
    /** Null: the token's user. */
    owner: string | null;
    /** Null: made from the brief's name. */
    repository: string | null;
    /** Default true. */
    private: boolean;
    /** Default `merge`. */
    mergeMethod: 'merge' | 'squash' | 'rebase';
    /** Default `orchestrator/`. */
    branchPrefix: string;
    /** Default: no draft, without labels, nobody asked. */
    pullRequest: { draft: boolean; labels: string[]; reviewers: string[]; teamReviewers: string[] };
    /** Default 2. */
    revisionRounds: number;
    /** Default true. */
    ciWorkflow: boolean;
    /** Default null: none. */
    workflow: string | null;
  };
  github: { apiUrl: string; token: string | null };
  appwrite: {
    endpoint: string;
    projectId: string | null;
    apiKey: string | null;
    /** Null: the domains that the server gives by itself. */
    sitesDomain: string | null;
    functionsDomain: string | null;
    /** What the CNAME records of own domains have to point to; null: only the server's administrator knows it. */
    domainTarget: string | null;
  };
  records: RecordSettings;
  /** Who runs belong to in shared records; null: the name that git has, else that of the system's account. */
  userName: string | null;
  /** Package registry asked about names; null: the one that npm is configured with. */
  registryUrl: string | null;
  /** Default 3. */
  reviewRounds: number;
  /** Time a deployed application has to answer as wanted; default 120,000. */
  live: { deadlineMs: number };
  /** The Node that commands of agents and checks find as `node`; null: the running program. */
  nodePath: string | null;
}

/** The database that a team shares. */
export interface RecordSettings {
  /** Default true; nothing is sent without a key all the same. */
  enabled: boolean;
  /** Default: that of deployments. */
  endpoint: string;
  /** A key of its own: that of deployments may do more than it needs. */
  key: string | null;
  projectId: string;
  databaseId: string;
  /** Of the product's own site and function; nothing here asks for them. */
  siteId: string;
  functionId: string | null;
}

export interface SettingsSource {
  env: Readonly<Record<string, string | undefined>>;
  workspaceDir: string;
  flags?: SettingsFlags;
  /**
   * What a client keeps of its own, such as an editor's settings: below the workspace's file, above the built-in defaults, and
   * checked like the file. Allowed and denied commands of both hold.
   */
  defaults?: ConfigFile;
  /** Needed where the running program is no Node itself, such as an editor. */
  nodePath?: string;
}

/** Source of problems in `SettingsSource.defaults`. */
export const DEFAULTS_SOURCE = 'settings';

/** Settings in which every bad value is replaced by its default, and the list of bad values. For `doctor`. */
export interface SettingsReading {
  settings: Settings;
  problems: { source: string; problem: Problem }[];
}

export function readSettings(source: SettingsSource): SettingsReading {
  const environment = readEnvironment(source.env);
  const flags = readFlags(source.flags ?? {});
  const file = readConfigFile(resolve(source.workspaceDir));
  const defaults = checkDefaults(source.defaults);
  const stateDir = resolve(expandHome(environment.values.stateDir ?? defaultStateDir(source.env), source.env));
  const problems = [
    ...environment.problems.map((problem) => ({ source: '', problem })),
    ...flags.problems.map((problem) => ({ source: '', problem })),
    ...file.problems.map((problem) => ({ source: file.path, problem })),
    ...defaults.problems.map((problem) => ({ source: DEFAULTS_SOURCE, problem })),
    ...stateDirProblems(stateDir).map((problem) => ({ source: '', problem })),
  ];
  const settings = build(environment.values, flags.values, withDefaults(file.config, defaults.config), {
    stateDir,
    workspaceDir: resolve(source.workspaceDir),
    configFile: file.found ? file.path : null,
    nodePath: source.nodePath ?? null,
  });
  return { settings, problems };
}

/** Reads flags, environment, the workspace's file and the client's defaults, in this order of precedence. Throws `configuration` naming every bad value. */
export function loadSettings(source: SettingsSource): Settings {
  return requireSound(readSettings(source));
}

/** For commands that need the state folder only: what is wrong in the workspace's file does not matter to them. */
export function loadStateSettings(source: SettingsSource): Settings {
  const { settings, problems } = readSettings(source);
  return requireSound({ settings, problems: problems.filter((entry) => entry.source === '') });
}

function requireSound({ settings, problems }: SettingsReading): Settings {
  if (problems.length === 0) return settings;
  const list = problems.map(({ source: place, problem }) => listProblems(place, [problem])).join('\n');
  throw new AppError({
    code: 'configuration',
    message: list,
    userMessage: `The configuration has ${problems.length === 1 ? 'a bad value' : `${problems.length} bad values`}:\n${list}`,
  });
}

function build(
  env: ReturnType<typeof readEnvironment>['values'],
  flags: ReturnType<typeof readFlags>['values'],
  file: ConfigFile,
  place: Pick<Settings, 'stateDir' | 'workspaceDir' | 'configFile' | 'nodePath'>,
): Settings {
  const { lead, agent, escalation } = file.models ?? {};
  return {
    ...place,
    models: {
      lead: {
        provider: lead?.provider ?? 'xai',
        model: lead?.model ?? 'grok-4.7',
        effort: lead?.effort ?? 'high',
        api: lead?.api ?? 'responses',
        baseUrl: env.xaiBaseUrl ?? 'https://api.x.ai/v1',
        apiKey: env.xaiApiKey ?? keyOfLoopback(env.xaiBaseUrl),
      },
      agent: {
        provider: agent?.provider ?? 'anthropic',
        model: agent?.model ?? DEFAULT_AGENT_MODEL,
        effort: agent?.effort ?? null,
        baseUrl: env.anthropicBaseUrl ?? 'https://api.anthropic.com',
        apiKey: env.anthropicApiKey ?? keyOfLoopback(env.anthropicBaseUrl),
      },
      escalation: {
        model:
          escalation?.model ??
          (agent?.provider === 'editor' ? (agent.model ?? DEFAULT_AGENT_MODEL) : 'claude-opus-5-5'),
        effort: escalation?.effort ?? 'high',
      },
    },
    concurrency: flags.concurrency ?? file.concurrency ?? 4,
    budgetUsd: flags.budgetUsd ?? file.budgetUsd ?? 10,
    checks: {
      allow: [...DEFAULT_ALLOWED_COMMANDS, ...(file.checks?.allow ?? [])],
      deny: file.checks?.deny ?? [],
      wallMs: file.checks?.wallMs ?? 600_000,
      idleMs: file.checks?.idleMs ?? 120_000,
      setup: file.checks?.setup ?? [],
      include: file.checks?.include ?? [],
    },
    sandbox: { mode: file.sandbox?.mode ?? 'auto', network: file.sandbox?.network ?? false },
    remote: {
      owner: file.remote?.owner ?? null,
      repository: file.remote?.repository ?? null,
      private: file.remote?.private ?? true,
      mergeMethod: file.remote?.mergeMethod ?? 'merge',
      branchPrefix: file.remote?.branchPrefix ?? 'orchestrator/',
      pullRequest: {
        draft: file.remote?.pullRequest?.draft ?? false,
        labels: file.remote?.pullRequest?.labels ?? [],
        reviewers: file.remote?.pullRequest?.reviewers ?? [],
        teamReviewers: file.remote?.pullRequest?.teamReviewers ?? [],
      },
      revisionRounds: file.remote?.revisionRounds ?? 2,
      ciWorkflow: file.remote?.ciWorkflow ?? true,
      workflow: file.remote?.workflow ?? null,
    },
    github: { apiUrl: env.githubApiUrl ?? 'https://api.github.com', token: env.githubToken ?? null },
    appwrite: {
      endpoint: env.appwriteEndpoint ?? APPWRITE_CLOUD,
      projectId: env.appwriteProjectId ?? null,
      apiKey: env.appwriteApiKey ?? null,
      sitesDomain: file.appwrite?.sitesDomain ?? null,
      functionsDomain: file.appwrite?.functionsDomain ?? null,
      domainTarget: file.appwrite?.domainTarget ?? null,
    },
    records: recordSettings(env, file.records),
    userName: env.userName ?? null,
    registryUrl: env.registryUrl ?? null,
    reviewRounds: file.reviewRounds ?? 3,
    live: { deadlineMs: file.live?.deadlineMs ?? 120_000 },
  };
}

const APPWRITE_CLOUD = 'https://cloud.appwrite.io/v1';

function recordSettings(
  env: ReturnType<typeof readEnvironment>['values'],
  file: ConfigFile['records'] = {},
): RecordSettings {
  return {
    enabled: file.enabled ?? true,
    endpoint: env.recordsEndpoint ?? env.appwriteEndpoint ?? APPWRITE_CLOUD,
    key: env.recordsKey ?? null,
    projectId: file.projectId ?? '68a4e3da0022f3e129d0',
    databaseId: file.databaseId ?? 'orchestrator',
    siteId: file.siteId ?? '68a4ed30000cba9224d2',
    functionId: file.functionId ?? null,
  };
}

/** Those of another workspace, by its file. While that cannot be read nothing of it is sent. */
export function recordSettingsIn(workspaceDir: string, { endpoint, key }: RecordSettings): RecordSettings {
  const { config, problems } = readConfigFile(workspaceDir);
  const settings = recordSettings({}, config.records);
  return { ...settings, enabled: settings.enabled && problems.length === 0, endpoint, key };
}

const DEFAULT_AGENT_MODEL = 'claude-sonnet-5-5';

/** A model server on this machine wants no key, but the clients send one. */
function keyOfLoopback(baseUrl: string | undefined): string | null {
  if (baseUrl === undefined) return null;
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(baseUrl).hostname) ? 'none' : null;
}

/** The platform's folder for application data. */
export function defaultStateDir(env: SettingsSource['env'], platform: NodeJS.Platform = process.platform): string {
  const name = 'ai-development-orchestrator';
  const home = env.HOME || homedir();
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', name);
  if (platform === 'win32') return join(env.APPDATA || join(home, 'AppData', 'Roaming'), name);
  return join(env.XDG_DATA_HOME || join(home, '.local', 'share'), name);
}

function stateDirProblems(stateDir: string): Problem[] {
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    if (statSync(stateDir).isDirectory()) return [];
  } catch {
    // The answer below says all there is to say.
  }
  const message = `is ${stateDir}, which is no folder that can be made and written; set it to one that can`;
  return [{ field: 'ORCHESTRATOR_HOME', line: null, message }];
}

const ORDER: readonly Stage[] = ['brief', 'plan', 'build', 'review', 'commit', 'deploy', 'done'];

/** Names of the variables that a run up to `until` needs and that are not set. A deployment or a rollback alone asks no model. */
export function missingConfiguration(settings: Settings, until: Stage, { usesModels = true } = {}): string[] {
  const reaches = (stage: Stage) => ORDER.indexOf(until) >= ORDER.indexOf(stage);
  const missing: string[] = [];
  const { lead, agent } = settings.models;
  if (usesModels) {
    if (lead.provider === 'xai' && lead.apiKey === null) missing.push('XAI_API_KEY');
    if (agent.provider === 'anthropic' && agent.apiKey === null && reaches('build')) missing.push('ANTHROPIC_API_KEY');
  }
  if (settings.github.token === null && reaches('commit')) missing.push('GITHUB_TOKEN');
  if (reaches('deploy')) {
    if (settings.appwrite.projectId === null) missing.push('APPWRITE_PROJECT_ID');
    if (settings.appwrite.apiKey === null) missing.push('APPWRITE_API_KEY');
  }
  return missing;
}

/** Addresses and access of a running local cloud. */
export interface LocalCloudAccess {
  xaiBaseUrl: string;
  anthropicBaseUrl: string;
  githubApiUrl: string;
  githubToken: string;
  appwriteEndpoint: string;
  appwriteProjectId: string;
  appwriteApiKey: string;
}

/** The models of the local cloud take any key. */
export const LOCAL_MODEL_KEY = 'local-cloud';
/** Where the local Appwrite serves: browsers resolve everything below `localhost` to this machine. */
const LOCAL_SITES_DOMAIN = 'sites.localhost';
const LOCAL_FUNCTIONS_DOMAIN = 'functions.localhost';

/** Fills every outside system that has no key with the local cloud's. */
export function applyLocalCloud(settings: Settings, cloud: LocalCloudAccess): Settings {
  const { lead, agent } = settings.models;
  const isGithubLocal = settings.github.token === null;
  const isAppwriteLocal = settings.appwrite.apiKey === null;
  return {
    ...settings,
    models: {
      ...settings.models,
      lead:
        lead.provider === 'xai' && lead.apiKey === null
          ? { ...lead, baseUrl: cloud.xaiBaseUrl, apiKey: LOCAL_MODEL_KEY }
          : lead,
      agent:
        agent.provider === 'anthropic' && agent.apiKey === null
          ? { ...agent, baseUrl: cloud.anthropicBaseUrl, apiKey: LOCAL_MODEL_KEY }
          : agent,
    },
    github: isGithubLocal ? { apiUrl: cloud.githubApiUrl, token: cloud.githubToken } : settings.github,
    // The local GitHub knows one account; a configured organisation does not exist there.
    remote: isGithubLocal ? { ...settings.remote, owner: null } : settings.remote,
    appwrite: isAppwriteLocal
      ? {
          endpoint: cloud.appwriteEndpoint,
          projectId: cloud.appwriteProjectId,
          apiKey: cloud.appwriteApiKey,
          sitesDomain: LOCAL_SITES_DOMAIN,
          functionsDomain: LOCAL_FUNCTIONS_DOMAIN,
          domainTarget: null,
        }
      : settings.appwrite,
  };
}
