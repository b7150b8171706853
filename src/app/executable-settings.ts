import type { Stage } from '../protocol/events.ts';
import { applyLocalCloud, type LocalCloudAccess, missingConfiguration, type Settings } from './config.ts';

export interface ExecutableOptions {
  /** Fills every outside system that has no key with the local cloud's. */
  local: boolean;
  until: Stage;
  /** Default true. */
  usesModels?: boolean;
  signal: AbortSignal;
  ensureLocalCloud(options: { stateDir: string; signal: AbortSignal }): Promise<LocalCloudAccess>;
}

export interface ExecutableSettings {
  settings: Settings;
  /** Names of the variables that a run up to `until` needs and that are not set; with any, it must not be started. */
  missing: string[];
}

/** Settings with which a run can be carried on; starts the local cloud when that is asked for. */
export async function executableSettings(settings: Settings, options: ExecutableOptions): Promise<ExecutableSettings> {
  const { local, until, usesModels = true, signal, ensureLocalCloud } = options;
  const complete = local
    ? applyLocalCloud(settings, await ensureLocalCloud({ stateDir: settings.stateDir, signal }))
    : settings;
  return { settings: complete, missing: missingConfiguration(complete, until, { usesModels }) };
}
