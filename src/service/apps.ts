import { join, sep } from 'node:path';
import type { AppApi } from '../app/api.ts';
import { compose } from '../app/compose.ts';
import {
  applyLocalCloud,
  loadSettings,
  loadStateSettings,
  readSettings,
  type Settings,
  type SettingsSource,
} from '../app/config.ts';
import { createFileLog } from '../app/file-log.ts';
import { ensureLocalCloud } from '../app/local-cloud.ts';
import { findRunNote } from '../app/run-notes.ts';
import { AppError } from '../protocol/errors.ts';
import type { EditorModels } from '../protocol/language-models.ts';
import type { ServiceParamsOf } from '../protocol/service.ts';

export type Configuration = ServiceParamsOf<'configure'>;

/** Which of the composed programs a run belongs to. */
interface AppKey {
  workspaceDir: string;
  /** The local cloud stands in for what is not configured. */
  local: boolean;
}

const nameOf = ({ workspaceDir, local }: AppKey) => `${local ? 'local' : 'configured'} ${workspaceDir}`;

/**
 * The composed programs of one process: one for looking, and one for each workspace folder in which something runs. All share
 * one state folder. Owner of all of them.
 */
export class Apps {
  readonly #configuration: Configuration;
  readonly #editorModels: EditorModels | null;
  readonly #open = new Map<string, Promise<AppApi>>();
  #looking: Promise<AppApi> | null = null;

  constructor(configuration: Configuration, editorModels: EditorModels | null) {
    this.#configuration = configuration;
    this.#editorModels = editorModels;
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  get stateDir(): string {
    return loadStateSettings(this.source('')).stateDir;
  }

  /** What a workspace's settings are read from. */
  source(workspaceDir: string): SettingsSource {
    const { environment, secrets, defaults, nodePath } = this.#configuration;
    return {
      env: { ...inherited(), ...environment, ...secrets },
      workspaceDir,
      ...(nodePath === null ? {} : { nodePath }),
      ...(defaults[workspaceDir] === undefined ? {} : { defaults: defaults[workspaceDir] }),
    };
  }

  settings(workspaceDir: string): Settings {
    return loadSettings(this.source(workspaceDir));
  }

  /** For reading: needs no keys and no sound configuration of a workspace. */
  looking(): Promise<AppApi> {
    this.#looking ??= this.#compose(loadStateSettings(this.source('')));
    return this.#looking;
  }

  /** The program that can execute runs of this workspace. */
  of(key: AppKey): Promise<AppApi> {
    const name = nameOf(key);
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const opening = this.#executing(key);
    this.#open.set(name, opening);
    // A failed start must not be remembered: the next call tries again with what is configured then.
    opening.catch(() => this.#open.delete(name));
    return opening;
  }

  /** The program that can execute this run, by the note that was made at its start. Throws `not_found` without one. */
  async ofRun(runId: string): Promise<AppApi> {
    const note = await findRunNote(this.stateDir, runId);
    if (note !== null) return this.of(note);
    throw new AppError({
      code: 'not_found',
      message: `no note of run ${runId}`,
      userMessage: `Run ${runId} is not known to this state folder (${this.stateDir}). It may have been deleted.`,
    });
  }

  async close(): Promise<void> {
    const all = [...this.#open.values(), ...(this.#looking === null ? [] : [this.#looking])];
    this.#open.clear();
    this.#looking = null;
    const opened = await Promise.allSettled(all);
    await Promise.all(opened.map((app) => (app.status === 'fulfilled' ? app.value.close() : undefined)));
  }

  async #executing(key: AppKey): Promise<AppApi> {
    if (!key.local) return this.#compose(this.settings(key.workspaceDir));
    const source = this.source(key.workspaceDir);
    // A sample is free whatever keys there are, and no real repository comes of it.
    const settings = loadSettings(this.#isSample(key) ? { ...source, env: withoutAccess(source.env) } : source);
    const cloud = await ensureLocalCloud({ stateDir: settings.stateDir });
    return this.#compose(applyLocalCloud(settings, cloud));
  }

  #isSample({ workspaceDir }: AppKey): boolean {
    return workspaceDir.startsWith(join(this.#configuration.samplesDir, sep));
  }

  #compose(settings: Settings): Promise<AppApi> {
    return compose({
      settings,
      log: createFileLog(settings.stateDir),
      editorModels: this.#editorModels,
      // An editor keeps settings of its own for a workspace; one that cannot be read keeps its runs to itself.
      recordSettingsOf: (workspaceDir) => {
        const { settings: other, problems } = readSettings(this.source(workspaceDir));
        return { ...other.records, enabled: other.records.enabled && problems.length === 0 };
      },
    });
  }
}

/** Keys come through `configure` only: one in the editor's own environment must not be used unasked. */
function inherited(): NodeJS.ProcessEnv {
  return withoutAccess(process.env);
}

/** Without keys and addresses of outside systems. */
function withoutAccess(env: SettingsSource['env']): NodeJS.ProcessEnv {
  const access = /^(XAI|ANTHROPIC|APPWRITE|ORCHESTRATOR_RECORDS)_|^GITHUB_(TOKEN|API_URL)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !access.test(name)));
}
