import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import type { Problem } from './located.ts';

/** Values that come as single strings: environment variables and command-line flags. */

export interface SettingsFlags {
  /** US dollars, as typed. */
  budget?: string;
  concurrency?: string;
}

interface Reading<T> {
  values: T;
  problems: Problem[];
}

const url = z
  .string()
  .refine(isHttpUrl, 'allowed: an address beginning with http:// or https://, without a user name or password')
  .transform((value) => value.replace(/\/+$/, ''));
const secret = z.string().regex(/^[\x21-\x7e]+$/, 'allowed: one word without spaces or line breaks');

const ENVIRONMENT = {
  xaiApiKey: { name: 'XAI_API_KEY', schema: secret },
  xaiBaseUrl: { name: 'XAI_BASE_URL', schema: url },
  anthropicApiKey: { name: 'ANTHROPIC_API_KEY', schema: secret },
  anthropicBaseUrl: { name: 'ANTHROPIC_BASE_URL', schema: url },
  githubToken: { name: 'GITHUB_TOKEN', schema: secret },
  githubApiUrl: { name: 'GITHUB_API_URL', schema: url },
  appwriteEndpoint: {
    name: 'APPWRITE_ENDPOINT',
    schema: url.refine((value) => value.endsWith('/v1'), 'allowed: an address that ends in /v1'),
  },
  appwriteProjectId: {
    name: 'APPWRITE_PROJECT_ID',
    schema: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,35}$/, 'allowed: letters, digits, ".", "_", "-", at most 36'),
  },
  appwriteApiKey: { name: 'APPWRITE_API_KEY', schema: secret },
  recordsEndpoint: {
    name: 'ORCHESTRATOR_RECORDS_ENDPOINT',
    schema: url.refine((value) => value.endsWith('/v1'), 'allowed: an address that ends in /v1'),
  },
  recordsKey: { name: 'ORCHESTRATOR_RECORDS_KEY', schema: secret },
  userName: { name: 'ORCHESTRATOR_USER', schema: z.string().max(128, 'allowed: at most 128 characters') },
  stateDir: { name: 'ORCHESTRATOR_HOME', schema: z.string() },
  registryUrl: { name: 'npm_config_registry', schema: url },
} as const;

type EnvironmentKey = keyof typeof ENVIRONMENT;
/** Values of these are never repeated in a message. */
const SECRETS: ReadonlySet<EnvironmentKey> = new Set([
  'xaiApiKey',
  'anthropicApiKey',
  'githubToken',
  'appwriteApiKey',
  'recordsKey',
]);

export const SECRET_VARIABLES: readonly string[] = [...SECRETS].map((key) => ENVIRONMENT[key].name);

/** An empty variable counts as not set. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Reading<Partial<Record<EnvironmentKey, string>>> {
  const values: Partial<Record<EnvironmentKey, string>> = {};
  const problems: Problem[] = [];
  for (const key of Object.keys(ENVIRONMENT) as EnvironmentKey[]) {
    const { name, schema } = ENVIRONMENT[key];
    const raw = env[name]?.trim() ?? '';
    if (raw === '') continue;
    const parsed = schema.safeParse(raw);
    if (parsed.success) values[key] = parsed.data;
    else {
      const reason = parsed.error.issues[0]?.message ?? 'is not allowed';
      const seen = SECRETS.has(key) ? 'has a value that cannot be a key' : `is "${withoutPassword(raw)}"`;
      problems.push({ field: name, line: null, message: `${seen}; ${reason}` });
    }
  }
  return { values, problems };
}

/** `~` and `~/x` as a shell would take them: where values come from a file or an editor there is no shell. */
export function expandHome(path: string, env: Readonly<Record<string, string | undefined>>): string {
  return /^~(?:$|[\\/])/.test(path) ? join(env.HOME || homedir(), path.slice(1)) : path;
}

const FLAGS = {
  budgetUsd: {
    flag: 'budget',
    schema: z.coerce.number().positive().max(100_000),
    allowed: 'US dollars, more than 0 and at most 100000',
  },
  concurrency: {
    flag: 'concurrency',
    schema: z.coerce.number().int().min(1).max(32),
    allowed: 'a whole number, 1 to 32',
  },
} as const;

export function readFlags(flags: SettingsFlags): Reading<{ budgetUsd?: number; concurrency?: number }> {
  const values: { budgetUsd?: number; concurrency?: number } = {};
  const problems: Problem[] = [];
  for (const key of ['budgetUsd', 'concurrency'] as const) {
    const { flag, schema, allowed } = FLAGS[key];
    const raw = flags[flag];
    if (raw === undefined) continue;
    const parsed = raw.trim() === '' ? null : schema.safeParse(raw);
    if (parsed?.success) values[key] = parsed.data;
    else problems.push({ field: `--${flag}`, line: null, message: `is "${raw}"; allowed: ${allowed}` });
  }
  return { values, problems };
}

function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

function withoutPassword(value: string): string {
  return value.replace(/\/\/[^/@]*@/, '//***@');
}
