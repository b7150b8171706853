import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Effort } from '../protocol/plan.ts';
import { type Problem, parseLocated, schemaProblems } from './located.ts';

export const CONFIG_FILE_NAME = 'orchestrator.config.json';

const text = z.string().trim().min(1);
const commandList = z.array(text);
/** GitHub takes at most 100 labels and 15 reviewers. */
const labels = z.array(text.max(50)).max(100);
const people = z.array(z.string().regex(/^[A-Za-z0-9_-]{1,100}$/, 'allowed: a login or the slug of a team')).max(15);
const model = { model: text.optional(), effort: Effort.optional() };

/** An editor's models change from one to the next, so there is no default among them. */
const EDITOR_NEEDS_MODEL = {
  path: ['model'],
  message: 'is needed with provider "editor": the id of one of its models, such as "copilot/gpt-5"',
};
const namesItsModel = (role: { provider?: string | undefined; model?: string | undefined }) =>
  role.provider !== 'editor' || role.model !== undefined;

const appwriteId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/, 'allowed: letters, digits, ".", "_", "-", at most 36');

const hostName = z
  .string()
  .max(253)
  .regex(
    /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/,
    'allowed: a host name such as "sites.example.org", without http:// or a path',
  );

/** Longest time a check may be given: one day. */
const MAX_WALL_MS = 86_400_000;
const durationMs = z.int().min(1_000).max(MAX_WALL_MS);

/**
 * `orchestrator.config.json` of a workspace; every field may be left out, unknown ones are refused. Keys and addresses are
 * not here: a file that comes with a repository must not be able to send a key elsewhere.
 */
export const ConfigFile = z.strictObject({
  $schema: z.string().optional(),
  models: z
    .strictObject({
      lead: z
        .strictObject({
          ...model,
          provider: z.enum(['xai', 'editor']).optional(),
          api: z.enum(['responses', 'chat']).optional(),
        })
        .refine(namesItsModel, EDITOR_NEEDS_MODEL)
        .optional(),
      agent: z
        .strictObject({ ...model, provider: z.enum(['anthropic', 'editor']).optional() })
        .refine(namesItsModel, EDITOR_NEEDS_MODEL)
        .optional(),
      escalation: z.strictObject(model).optional(),
    })
    .optional(),
  /** Agents at work at the same time, 1 to 32. */
  concurrency: z.int().min(1).max(32).optional(),
  /** US dollars a run may cost. */
  budgetUsd: z.number().positive().max(100_000).optional(),
  /** Review rounds of a subtask before it is parked for a person, 1 to 10. */
  reviewRounds: z.int().min(1).max(10).optional(),
  checks: z
    .strictObject({
      /** Command prefixes, by words, that may run besides the built-in ones. */
      allow: commandList.optional(),
      /** Command prefixes that never run; wins over `allow`. */
      deny: commandList.optional(),
      wallMs: durationMs.optional(),
      idleMs: durationMs.optional(),
      /** Commands that prepare a new worktree, such as `npm ci`. */
      setup: commandList.optional(),
      /** Untracked files copied into worktrees, relative to the workspace, such as `.env.test`. */
      include: commandList.optional(),
    })
    .optional(),
  sandbox: z
    .strictObject({ mode: z.enum(['auto', 'required', 'off']).optional(), network: z.boolean().optional() })
    .optional(),
  remote: z
    .strictObject({
      /** Account or organisation; left out: the token's user. */
      owner: text.optional(),
      /** Left out: a name made from the brief's. */
      repository: z
        .string()
        .regex(/^[A-Za-z0-9._-]{1,100}$/, 'allowed: letters, digits, ".", "_" and "-", at most 100 characters')
        .optional(),
      private: z.boolean().optional(),
      mergeMethod: z.enum(['merge', 'squash', 'rebase']).optional(),
      branchPrefix: z
        .string()
        .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*\/?$/, 'allowed: a branch name part such as "orchestrator/"')
        .refine(
          isBranchPrefix,
          'git allows no "..", no part that begins with "." or "-", none that ends with "." or ".lock"',
        )
        .optional(),
      pullRequest: z
        .strictObject({
          draft: z.boolean().optional(),
          /** Made in the repository when it has none of the name. */
          labels: labels.optional(),
          /** Logins. */
          reviewers: people.optional(),
          /** Slugs of teams of the organisation. */
          teamReviewers: people.optional(),
        })
        .optional(),
      /** Times that work is sent back after its pull request was opened, 0 to 10. */
      revisionRounds: z.int().min(0).max(10).optional(),
      /** Whether a project without any workflow gets one that runs the plan's checks. */
      ciWorkflow: z.boolean().optional(),
      /** Dispatched on the default branch after the merge; null or left out: none. */
      workflow: z
        .string()
        .regex(/^[A-Za-z0-9._-]+\.ya?ml$/, 'allowed: the file name of a workflow, such as "deploy.yml"')
        .nullish(),
    })
    .optional(),
  appwrite: z
    .strictObject({
      sitesDomain: hostName.optional(),
      functionsDomain: hostName.optional(),
      domainTarget: hostName.optional(),
    })
    .optional(),
  /** The database that a team shares; its address and key are in the environment. */
  records: z
    .strictObject({
      /** False keeps the runs of this workspace out of it. */
      enabled: z.boolean().optional(),
      projectId: appwriteId.optional(),
      databaseId: appwriteId.optional(),
      /** Of the product's own site and function in that project; shown by `doctor`. */
      siteId: appwriteId.optional(),
      functionId: appwriteId.nullable().optional(),
    })
    .optional(),
  live: z.strictObject({ deadlineMs: durationMs.optional() }).optional(),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** The rules of `git check-ref-format` that the characters alone do not keep. */
function isBranchPrefix(prefix: string): boolean {
  const parts = prefix.replace(/\/$/, '').split('/');
  return !prefix.includes('..') && parts.every((part) => !/^[.-]|\.$|\.lock$/.test(part));
}

export interface ConfigFileReading {
  path: string;
  found: boolean;
  /** Empty when the file is absent or has problems. */
  config: ConfigFile;
  problems: Problem[];
}

const MAX_SIZE_BYTES = 1_000_000;

export function readConfigFile(workspaceDir: string): ConfigFileReading {
  const path = join(workspaceDir, CONFIG_FILE_NAME);
  const refused = (problems: Problem[]): ConfigFileReading => ({ path, found: true, config: {}, problems });
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, found: false, config: {}, problems: [] };
    return refused([{ field: '', line: null, message: `cannot be read (${String(code)})` }]);
  }
  if (content.length > MAX_SIZE_BYTES) return refused([{ field: '', line: null, message: 'is larger than 1 MB' }]);
  const located = parseLocated(content, { format: 'json' });
  if (located.problems.length > 0) return refused(located.problems);
  const parsed = ConfigFile.safeParse(located.value);
  if (!parsed.success) return refused(schemaProblems(ConfigFile, parsed.error, located.value, located.lineOf));
  return { path, found: true, config: parsed.data, problems: [] };
}

/** A client's own settings, by the same rules; empty when one of them is bad. */
export function checkDefaults(defaults: ConfigFile | undefined): Pick<ConfigFileReading, 'config' | 'problems'> {
  if (defaults === undefined) return { config: {}, problems: [] };
  const parsed = ConfigFile.safeParse(defaults);
  if (parsed.success) return { config: parsed.data, problems: [] };
  return { config: {}, problems: schemaProblems(ConfigFile, parsed.error, defaults, () => null) };
}

/** The file before the defaults, field by field; a list of the file takes the place of the default one. */
export function withDefaults(file: ConfigFile, defaults: ConfigFile): ConfigFile {
  const merged = mergeFields(defaults, file) as ConfigFile;
  if (merged.checks === undefined) return merged;
  // What one of them forbids stays forbidden, and neither has to repeat what the other allows.
  const allow = [...(defaults.checks?.allow ?? []), ...(file.checks?.allow ?? [])];
  const deny = [...(defaults.checks?.deny ?? []), ...(file.checks?.deny ?? [])];
  return { ...merged, checks: { ...merged.checks, allow, deny } };
}

function mergeFields(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isFields(below) || !isFields(above)) return above;
  const names = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...names].map((name) => [name, mergeFields(below[name], above[name])]));
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
