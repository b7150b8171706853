import type { Adapter, BuildRuntime, Framework, Models, ProjectKeyScopes, Runtime } from 'node-appwrite';
import type { FunctionNeed, SiteNeed } from '../../protocol/plan.ts';
import { sameSet } from './same-set.ts';
import type { Caller, Sdk } from './sdk.ts';
import { isConflict } from './sdk.ts';

const SITE_BUILD_RUNTIME = 'node-22';
/** Frameworks whose result is files; the others may also render on the server and keep what the first build finds. */
const FILE_FRAMEWORKS: ReadonlySet<string> = new Set([
  'other',
  'react',
  'vue',
  'vite',
  'lynx',
  'flutter',
  'react-native',
]);

/** The vendor's enums are plain strings; the server says which ones it knows. */
const asRuntime = (text: string) => text as Runtime;
const asScopes = (list: readonly string[]) => [...list] as ProjectKeyScopes[];

async function findOrCreate<T>(
  find: () => Promise<T | null>,
  create: () => Promise<T>,
): Promise<{ value: T; created: boolean }> {
  const existing = await find();
  if (existing !== null) return { value: existing, created: false };
  try {
    return { value: await create(), created: true };
  } catch (error) {
    const other = isConflict(error) ? await find() : null;
    if (other === null) throw error;
    return { value: other, created: false };
  }
}

/** Finds or creates the function and brings its settings to what is needed; settings nobody asked for stay. */
export async function ensureFunction(caller: Caller, need: FunctionNeed, signal: AbortSignal): Promise<void> {
  const functionId = need.id;
  const commands = need.commands ?? '';
  const wanted = {
    functionId,
    name: need.name,
    runtime: asRuntime(need.runtime),
    entrypoint: need.entrypoint,
    commands,
    execute: need.execute,
    scopes: asScopes(need.scopes),
  };
  const { value, created } = await findOrCreate(
    () => caller.find(`reading function ${functionId}`, (sdk) => sdk.functions.get({ functionId }), signal),
    () => caller.call(`creating function ${functionId}`, (sdk) => sdk.functions.create(wanted), signal),
  );
  if (created) return;
  const same =
    value.name === need.name &&
    value.runtime === need.runtime &&
    value.entrypoint === need.entrypoint &&
    value.commands === commands &&
    sameSet(value.execute, need.execute) &&
    sameSet(value.scopes, need.scopes);
  if (same) return;
  const work = (sdk: Sdk) => sdk.functions.update({ ...keptFunctionSettings(value), ...wanted });
  await caller.call(`updating function ${functionId}`, work, signal);
}

/** The update call replaces what it does not name. */
function keptFunctionSettings(value: Models.Function) {
  return {
    events: value.events,
    schedule: value.schedule,
    timeout: value.timeout,
    enabled: value.enabled,
    logging: value.logging,
    ...keptProvider(value),
  };
}

function keptProvider(value: Models.Function | Models.Site) {
  const { installationId, providerRepositoryId, providerBranch, providerSilentMode, providerRootDirectory } = value;
  const { buildSpecification, runtimeSpecification, deploymentRetention } = value;
  const linked = { installationId, providerRepositoryId, providerBranch, providerSilentMode, providerRootDirectory };
  return {
    ...(installationId === '' ? {} : linked),
    ...(buildSpecification === '' ? {} : { buildSpecification }),
    ...(runtimeSpecification === '' ? {} : { runtimeSpecification }),
    ...(deploymentRetention > 0 ? { deploymentRetention } : {}),
  };
}

/**
 * Plain variables, so that a second run can compare them; a secret one of the same name keeps being secret and is
 * written every time, because its value cannot be read.
 */
export async function ensureVariables(
  caller: Caller,
  functionId: string,
  variables: Record<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = Object.entries(variables);
  if (wanted.length === 0) return;
  const list = (sdk: Sdk) => sdk.functions.listVariables({ functionId, queries: [sdk.Query.limit(500)] });
  const existing = await caller.call(`listing the variables of function ${functionId}`, list, signal);
  for (const [key, value] of wanted) {
    const present = existing.variables.find((variable) => variable.key === key);
    if (present !== undefined && !present.secret && present.value === value) continue;
    const work = async (sdk: Sdk): Promise<void> => {
      if (present === undefined) {
        await sdk.functions.createVariable({ functionId, variableId: variableIdOf(key), key, value, secret: false });
      } else {
        await sdk.functions.updateVariable({ functionId, variableId: present.$id, key, value });
      }
    };
    await caller.call(`setting variable ${key} of function ${functionId}`, work, signal);
  }
}

/** `unique()` is resolved by the server. */
function variableIdOf(key: string): string {
  return /^[A-Za-z0-9][A-Za-z0-9_]{0,35}$/.test(key) ? key : 'unique()';
}

/** Finds or creates the site and brings its settings to what is needed. */
export async function ensureSite(caller: Caller, need: SiteNeed, signal: AbortSignal): Promise<void> {
  const siteId = need.id;
  const isFiles = FILE_FRAMEWORKS.has(need.framework) || need.fallbackFile !== null;
  const wanted = {
    siteId,
    name: need.name,
    framework: need.framework as Framework,
    installCommand: need.installCommand ?? '',
    buildCommand: need.buildCommand ?? '',
    outputDirectory: need.outputDirectory,
    ...(isFiles ? { adapter: 'static' as Adapter } : {}),
    ...(need.fallbackFile === null ? {} : { fallbackFile: need.fallbackFile }),
  };
  const create = (sdk: Sdk) => sdk.sites.create({ ...wanted, buildRuntime: SITE_BUILD_RUNTIME as BuildRuntime });
  const { value, created } = await findOrCreate(
    () => caller.find(`reading site ${siteId}`, (sdk) => sdk.sites.get({ siteId }), signal),
    () => caller.call(`creating site ${siteId}`, create, signal),
  );
  if (created) return;
  const same =
    value.name === need.name &&
    value.framework === need.framework &&
    value.installCommand === wanted.installCommand &&
    value.buildCommand === wanted.buildCommand &&
    value.outputDirectory === need.outputDirectory &&
    (!isFiles || value.adapter === 'static') &&
    (need.fallbackFile === null || value.fallbackFile === need.fallbackFile);
  if (same) return;
  const work = (sdk: Sdk) => sdk.sites.update({ ...keptSiteSettings(value), ...wanted });
  await caller.call(`updating site ${siteId}`, work, signal);
}

function keptSiteSettings(value: Models.Site) {
  return {
    enabled: value.enabled,
    logging: value.logging,
    timeout: value.timeout,
    startCommand: value.startCommand,
    buildRuntime: value.buildRuntime as BuildRuntime,
    ...(value.adapter === '' ? {} : { adapter: value.adapter as Adapter }),
    fallbackFile: value.fallbackFile,
    ...keptProvider(value),
  };
}
