import type { Adapter, BuildRuntime, Framework, Models, ProjectKeyScopes, Runtime } from 'node-appwrite';
import type { FunctionNeed, SiteNeed } from '../../protocol/deployment-needs.ts';
import { sameSet } from './same-set.ts';
import type { Caller, Sdk } from './sdk.ts';

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

function functionSettings(need: FunctionNeed) {
  return {
    functionId: need.id,
    name: need.name,
    runtime: asRuntime(need.runtime),
    entrypoint: need.entrypoint,
    commands: need.commands ?? '',
    execute: need.execute,
    scopes: asScopes(need.scopes),
  };
}

/** Throws a conflict when the id is taken. */
export async function createFunction(caller: Caller, need: FunctionNeed, signal: AbortSignal): Promise<void> {
  const work = (sdk: Sdk) => sdk.functions.create(functionSettings(need));
  await caller.call(`creating function ${need.id}`, work, signal);
}

/** Brings the settings of the function to what is needed; settings nobody asked for stay. */
export async function updateFunction(caller: Caller, need: FunctionNeed, signal: AbortSignal): Promise<void> {
  const functionId = need.id;
  const wanted = functionSettings(need);
  const value = await caller.call(`reading function ${functionId}`, (sdk) => sdk.functions.get({ functionId }), signal);
  const same =
    value.name === need.name &&
    value.runtime === need.runtime &&
    value.entrypoint === need.entrypoint &&
    value.commands === wanted.commands &&
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

function isFiles(need: SiteNeed): boolean {
  return FILE_FRAMEWORKS.has(need.framework) || need.fallbackFile !== null;
}

function siteSettings(need: SiteNeed) {
  return {
    siteId: need.id,
    name: need.name,
    framework: need.framework as Framework,
    installCommand: need.installCommand ?? '',
    buildCommand: need.buildCommand ?? '',
    outputDirectory: need.outputDirectory,
    ...(isFiles(need) ? { adapter: 'static' as Adapter } : {}),
    ...(need.fallbackFile === null ? {} : { fallbackFile: need.fallbackFile }),
  };
}

/** Throws a conflict when the id is taken. */
export async function createSite(caller: Caller, need: SiteNeed, signal: AbortSignal): Promise<void> {
  const buildRuntime = SITE_BUILD_RUNTIME as BuildRuntime;
  const work = (sdk: Sdk) => sdk.sites.create({ ...siteSettings(need), buildRuntime });
  await caller.call(`creating site ${need.id}`, work, signal);
}

/** Brings the settings of the site to what is needed; settings nobody asked for stay. */
export async function updateSite(caller: Caller, need: SiteNeed, signal: AbortSignal): Promise<void> {
  const siteId = need.id;
  const wanted = siteSettings(need);
  const value = await caller.call(`reading site ${siteId}`, (sdk) => sdk.sites.get({ siteId }), signal);
  const same =
    value.name === need.name &&
    value.framework === need.framework &&
    value.installCommand === wanted.installCommand &&
    value.buildCommand === wanted.buildCommand &&
    value.outputDirectory === need.outputDirectory &&
    (!isFiles(need) || value.adapter === 'static') &&
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
