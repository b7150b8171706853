import type { Models } from 'node-appwrite';
import type { DeploymentChange } from '../../protocol/work.ts';
import { sameValue, settingChange } from './changes.ts';

export type ResourceKind = 'function' | 'site';
export type Setting = string | number | string[];
/** By the names of the API. */
export type Settings = Record<string, Setting>;

export interface ResourceState {
  /** All that this program may ever change. */
  settings: Settings;
  /** Deployment that is active; '' for none. */
  deploymentId: string;
}

/** What differs between functions and sites in the calls about settings. */
export interface ResourceOps {
  kind: ResourceKind;
  /** Take effect with the next build only. */
  buildSettings: ReadonlySet<string>;
  /** Null when there is none. */
  read(id: string, signal: AbortSignal): Promise<ResourceState | null>;
  /** Throws a conflict when the id is taken. */
  create(id: string, settings: Settings, signal: AbortSignal): Promise<void>;
  /** Changes these settings; all others stay. */
  update(id: string, settings: Settings, signal: AbortSignal): Promise<void>;
  remove(id: string, signal: AbortSignal): Promise<void>;
}

export type OpsByKind = Record<ResourceKind, ResourceOps>;

/** One change for each setting that is not as it is wanted. */
export function diffSettings(kind: ResourceKind, id: string, present: Settings, wanted: Settings): DeploymentChange[] {
  return Object.entries(wanted)
    .filter(([name, value]) => !sameValue(present[name], value))
    .map(([name, value]) => settingChange(kind, id, name, present[name] ?? null, value));
}

/** One slug for build and run; null keeps what the server has. */
export function specificationSettings(specification: string | null): Settings {
  return specification === null ? {} : { buildSpecification: specification, runtimeSpecification: specification };
}

/** What an update would take away when it does not name it. */
export function keptProvider(value: Models.Function | Models.Site) {
  const { installationId, providerRepositoryId, providerBranch, providerSilentMode, providerRootDirectory } = value;
  const { buildSpecification, runtimeSpecification, deploymentRetention } = value;
  const { providerBranches, providerPaths } = value;
  const filters = {
    ...(providerBranches?.length ? { providerBranches } : {}),
    ...(providerPaths?.length ? { providerPaths } : {}),
  };
  const repository = {
    installationId,
    providerRepositoryId,
    providerBranch,
    providerSilentMode,
    providerRootDirectory,
  };
  const linked = { ...repository, ...filters };
  return {
    ...(installationId === '' ? {} : linked),
    ...(buildSpecification === '' ? {} : { buildSpecification }),
    ...(runtimeSpecification === '' ? {} : { runtimeSpecification }),
    ...(deploymentRetention > 0 ? { deploymentRetention } : {}),
  };
}
