import * as vscode from 'vscode';

/** The editor's settings as the orchestrator process wants them. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Setting -> variable that the command line reads the same thing from. All of machine scope: a repository cannot set them. */
const ENVIRONMENT = {
  stateDirectory: 'ORCHESTRATOR_HOME',
  'models.lead.baseUrl': 'XAI_BASE_URL',
  'models.agent.baseUrl': 'ANTHROPIC_BASE_URL',
  'github.apiUrl': 'GITHUB_API_URL',
  'appwrite.endpoint': 'APPWRITE_ENDPOINT',
  'appwrite.projectId': 'APPWRITE_PROJECT_ID',
  'records.endpoint': 'ORCHESTRATOR_RECORDS_ENDPOINT',
  'records.userName': 'ORCHESTRATOR_USER',
} as const;

/** Settings that have the same place in `orchestrator.config.json`. */
const DEFAULTS = [
  'models.lead.provider',
  'models.lead.model',
  'models.lead.effort',
  'models.lead.api',
  'models.agent.provider',
  'models.agent.model',
  'models.agent.effort',
  'models.escalation.model',
  'models.escalation.effort',
  'concurrency',
  'budgetUsd',
  'reviewRounds',
  'checks.allow',
  'checks.deny',
  'checks.setup',
  'checks.include',
  'sandbox.mode',
  'sandbox.network',
  'remote.owner',
  'remote.repository',
  'remote.private',
  'remote.mergeMethod',
  'remote.branchPrefix',
  'remote.pullRequest.draft',
  'remote.pullRequest.labels',
  'remote.pullRequest.reviewers',
  'remote.pullRequest.teamReviewers',
  'remote.revisionRounds',
  'remote.ciWorkflow',
  'remote.workflow',
  'records.enabled',
  'records.projectId',
  'records.databaseId',
  'appwrite.domainTarget',
] as const;

export const SECTION = 'orchestrator';

/** Only what somebody has set: the process has the defaults. */
function explicit(configuration: vscode.WorkspaceConfiguration, key: string): Json | undefined {
  const found = configuration.inspect<Json>(key);
  return found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
}

export function readEnvironment(): Record<string, string> {
  const configuration = vscode.workspace.getConfiguration(SECTION);
  const environment: Record<string, string> = {};
  for (const [key, variable] of Object.entries(ENVIRONMENT)) {
    const value = configuration.inspect<string>(key)?.globalValue?.trim();
    if (value) environment[variable] = value;
  }
  return environment;
}

/**
 * The editor's own proxy as the variables that programs read, git among them. Nothing where the editor has none: what is in its
 * environment holds then.
 */
export function readProxy(): Record<string, string> {
  const http = vscode.workspace.getConfiguration('http');
  const proxy = http.get<string>('proxy', '').trim();
  if (proxy === '' || http.get('proxySupport') === 'off') return {};
  const without = http.get<string[]>('noProxy', []).join(',');
  const variables = { HTTPS_PROXY: proxy, HTTP_PROXY: proxy, ...(without === '' ? {} : { NO_PROXY: without }) };
  // Programs prefer the lower case, which the environment of the editor may have too.
  const both = Object.entries(variables).flatMap(([name, value]) => [
    [name, value],
    [name.toLowerCase(), value],
  ]);
  return Object.fromEntries(both);
}

/** In the form of `orchestrator.config.json`, for one workspace folder. */
export function readDefaults(folder: string): Record<string, Json> {
  const configuration = vscode.workspace.getConfiguration(SECTION, vscode.Uri.file(folder));
  const defaults: Record<string, Json> = {};
  for (const key of DEFAULTS) {
    const value = explicit(configuration, key);
    if (value === undefined || value === '' || value === null) continue;
    const parts = key.split('.');
    const last = parts.pop() ?? key;
    let at: { [key: string]: Json } = defaults;
    for (const part of parts) {
      at[part] ??= {};
      at = at[part] as { [key: string]: Json };
    }
    at[last] = value;
  }
  return defaults;
}

/** Absolute folders of this window that are on this machine's disk. */
export function workspaceDirs(): string[] {
  return (vscode.workspace.workspaceFolders ?? [])
    .filter((folder) => folder.uri.scheme === 'file')
    .map((folder) => folder.uri.fsPath);
}
