import type { AppApi } from '../app/api.ts';
import { loadSettings, loadStateSettings, type Settings } from '../app/config.ts';
import { executableSettings as executable } from '../app/executable-settings.ts';
import { findRunNote, type RunNote } from '../app/run-notes.ts';
import { AppError } from '../protocol/errors.ts';
import type { Stage } from '../protocol/events.ts';
import type { RunView } from '../protocol/view.ts';
import { type Deps, type Io, say } from './io.ts';

/** For commands that look, cancel or delete: a broken configuration file in this folder does not matter to them. */
export function stateSettings(io: Io): Settings {
  return loadStateSettings({ env: io.env, workspaceDir: io.cwd });
}

export interface SettingsRequest {
  workspaceDir: string;
  budget?: string | undefined;
  concurrency?: string | undefined;
}

export function settingsFor(io: Io, request: SettingsRequest): Settings {
  return loadSettings({
    env: io.env,
    workspaceDir: request.workspaceDir,
    flags: {
      ...(request.budget === undefined ? {} : { budget: request.budget }),
      ...(request.concurrency === undefined ? {} : { concurrency: request.concurrency }),
    },
  });
}

/** Settings with which a run can be carried to `until`. Throws `configuration` naming what is not set. */
export async function executableSettings(
  io: Io,
  deps: Deps,
  settings: Settings,
  options: { local: boolean; until: Stage; usesModels?: boolean; signal: AbortSignal },
): Promise<Settings> {
  const { ensureLocalCloud } = deps;
  const { settings: complete, missing } = await executable(settings, { ...options, ensureLocalCloud });
  if (missing.length === 0) return complete;
  const list = missing.join(', ');
  throw new AppError({
    code: 'configuration',
    message: `not set: ${list}`,
    userMessage:
      `Nothing was started: ${list} ${missing.length === 1 ? 'is' : 'are'} not set.\n` +
      `Set ${missing.length === 1 ? 'it' : 'them'}, or add --local to use the local cloud for what is not configured` +
      `${options.until === 'deploy' ? ', or stop earlier with --until' : ''}. ` +
      `"${commandName(io)} doctor" lists everything.`,
  });
}

/** Opens the program for the time of `use` and closes it whatever happens. */
export async function withApp<T>(deps: Deps, settings: Settings, use: (app: AppApi) => Promise<T>): Promise<T> {
  const app = await deps.openApp(settings);
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** The run's note, with settings that are enough to look at it. */
export async function stateOfRun(io: Io, reference: string): Promise<FoundRun> {
  const settings = stateSettings(io);
  return { settings, note: await findRunNote(settings.stateDir, reference) };
}

export interface FoundRun {
  settings: Settings;
  note: RunNote | null;
}

/** Settings of the workspace that the run was started in, as far as this state folder knows it. */
export async function settingsOfRun(io: Io, reference: string, request: Partial<SettingsRequest>): Promise<FoundRun> {
  const note = await findRunNote(stateSettings(io).stateDir, reference);
  if (note === null) {
    const workspaceDir = request.workspaceDir ?? io.cwd;
    return { settings: settingsFor(io, { workspaceDir, budget: request.budget }), note };
  }
  const concurrency = request.concurrency ?? note.concurrency ?? undefined;
  return { settings: settingsFor(io, { ...request, workspaceDir: note.workspaceDir, concurrency }), note };
}

/** The run that an id, a unique prefix of one, or `last` stands for. Throws `not_found` with the way to see them all. */
export async function findRun(io: Io, app: AppApi, reference: string, note: RunNote | null): Promise<RunView> {
  if (note !== null) {
    const view = await app.snapshot(note.runId);
    if (view !== null) return view;
  }
  const views = await app.list();
  const exact = views.find((view) => view.runId === reference);
  const matching = reference === 'last' ? views.slice(0, 1) : views.filter((view) => view.runId.startsWith(reference));
  const found = exact ?? (matching.length === 1 ? matching[0] : undefined);
  if (found !== undefined) return found;
  const what = matching.length > 1 ? `"${reference}" fits ${matching.length} runs` : `there is no run "${reference}"`;
  throw new AppError({
    code: 'not_found',
    message: what,
    userMessage: `${what.charAt(0).toUpperCase()}${what.slice(1)}. "${commandName(io)} list" shows all runs of this state folder.`,
  });
}

/** The words that start this program, for advice that can be pasted. */
export function commandName(io: Io): string {
  const script = io.env.npm_lifecycle_event;
  return script === 'orchestrator' || script === 'demo' ? 'npm run -s orchestrator --' : 'orchestrator';
}

/** Aborts its signal on Ctrl-C or SIGTERM, and says so. */
export function interruptible(
  io: Io,
  tell: (text: string) => void = (text) => say(io, text),
): { signal: AbortSignal; interrupt(): void; close(): void } {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) return;
    tell('Stopping …');
    controller.abort(new AppError({ code: 'aborted', message: 'interrupted', userMessage: 'Stopped.' }));
  };
  const close = io.onInterrupt(interrupt);
  return { signal: controller.signal, interrupt, close };
}
