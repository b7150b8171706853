import type { Models } from 'node-appwrite';
import type { SiteNeed } from '../../protocol/deployment-needs.ts';
import { isMissing } from './failures.ts';
import { keptProvider, type ResourceOps, type Settings, specificationSettings } from './resource.ts';
import type { Caller, Sdk } from './sdk.ts';
import { explained } from './unknown-choice.ts';

const BUILD_RUNTIME = 'node-22';
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

type SiteCreation = Extract<Parameters<Sdk['sites']['create']>[0], object>;
type SiteUpdate = Extract<Parameters<Sdk['sites']['update']>[0], object>;

/** What the plan says about the settings. */
export function siteSettings(need: SiteNeed): Settings {
  const adapter = need.adapter ?? (makesFiles(need) ? 'static' : null);
  return {
    name: need.name,
    framework: need.framework,
    installCommand: need.installCommand ?? '',
    buildCommand: need.buildCommand ?? '',
    startCommand: need.startCommand ?? '',
    outputDirectory: need.outputDirectory,
    ...(need.buildRuntime === null ? {} : { buildRuntime: need.buildRuntime }),
    ...(adapter === null ? {} : { adapter }),
    ...(need.fallbackFile === null ? {} : { fallbackFile: need.fallbackFile }),
    ...specificationSettings(need.specification),
  };
}

function makesFiles(need: SiteNeed): boolean {
  return FILE_FRAMEWORKS.has(need.framework) || need.fallbackFile !== null;
}

export function siteOps(caller: Caller): ResourceOps {
  const read: ResourceOps['read'] = async (siteId, signal) => {
    const value = await caller.find(`reading site ${siteId}`, (sdk) => sdk.sites.get({ siteId }), signal);
    return value === null ? null : { settings: readable(value), deploymentId: value.deploymentId };
  };
  return {
    kind: 'site',
    buildSettings: new Set([
      ...['framework', 'adapter', 'installCommand', 'buildCommand', 'startCommand', 'outputDirectory', 'buildRuntime'],
      ...['fallbackFile', 'buildSpecification'],
    ]),
    read,
    create: async (siteId, settings, signal) => {
      const wanted = { siteId, buildRuntime: BUILD_RUNTIME, ...settings };
      // The library's enums are these strings; the server says which ones it knows.
      const make = (sdk: Sdk) => sdk.sites.create(wanted as unknown as SiteCreation);
      // Somebody else may have taken the id meanwhile, with a name of their own.
      const isDone = async () => (await read(siteId, signal))?.settings.name === settings.name;
      const change = { what: `creating site ${siteId}`, make, isDone, signal };
      await explained(caller, 'site', settings, () => caller.change(change), signal);
    },
    update: async (siteId, settings, signal) => {
      const value = await caller.call(`reading site ${siteId}`, (sdk) => sdk.sites.get({ siteId }), signal);
      const merged = { siteId, ...kept(value), ...settings } as unknown as SiteUpdate;
      const make = (sdk: Sdk) => sdk.sites.update(merged);
      const change = { what: `changing site ${siteId}`, make, isDone: async () => false, signal };
      await explained(caller, 'site', settings, () => caller.change(change), signal);
    },
    remove: async (siteId, signal) => {
      const make = (sdk: Sdk) => sdk.sites.delete({ siteId });
      const isDone = async () => (await read(siteId, signal)) === null;
      await caller.change({ what: `deleting site ${siteId}`, make, isDone, signal }).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
    },
  };
}

function readable(value: Models.Site): Settings {
  const { name, framework, adapter, installCommand, buildCommand, startCommand, outputDirectory } = value;
  const { buildRuntime, fallbackFile, buildSpecification, runtimeSpecification } = value;
  const built = { name, framework, adapter, installCommand, buildCommand, startCommand, outputDirectory };
  return { ...built, buildRuntime, fallbackFile, buildSpecification, runtimeSpecification };
}

/** The update call replaces what it does not name. */
function kept(value: Models.Site) {
  const { name, framework, installCommand, buildCommand, startCommand, outputDirectory, fallbackFile } = value;
  const { enabled, logging, timeout, buildRuntime, adapter } = value;
  const built = { name, framework, installCommand, buildCommand, startCommand, outputDirectory, fallbackFile };
  const adapted = adapter === '' ? {} : { adapter };
  return { ...built, enabled, logging, timeout, buildRuntime, ...adapted, ...keptProvider(value) };
}
