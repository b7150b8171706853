import { writeRunNote } from '../../app/run-notes.ts';
import { followRun } from '../follow.ts';
import type { Deps, Io } from '../io.ts';
import { executableSettings, findRun, interruptible, settingsOfRun, withApp } from '../session.ts';

export interface FollowUpFlags {
  yes?: boolean;
  json?: boolean;
  local?: boolean;
  allowDestructive?: boolean;
}

/** Starts a run that deploys or undoes what an earlier one did, and stays with it. */
export async function followUp(
  io: Io,
  deps: Deps,
  type: 'deploy' | 'rollback',
  run: string,
  flags: FollowUpFlags,
): Promise<number> {
  const { settings: found, note } = await settingsOfRun(io, run, {});
  // A wrong id is said before missing keys are.
  if (note === null) await withApp(deps, found, (app) => findRun(io, app, run, note));
  const local = flags.local ?? note?.local ?? false;
  const starting = interruptible(io);
  let settings = found;
  try {
    settings = await executableSettings(io, deps, found, {
      local,
      until: 'deploy',
      usesModels: false,
      signal: starting.signal,
    });
  } finally {
    starting.close();
  }
  const { stateDir } = settings;
  return withApp(deps, settings, async (app) => {
    const before = await findRun(io, app, run, note);
    const { runId } = await app.dispatch({ type, runId: before.runId });
    await writeRunNote(stateDir, {
      v: 1,
      runId,
      local,
      until: 'deploy',
      workspaceDir: before.workspaceDir,
      concurrency: null,
      createdAt: new Date(io.now()).toISOString(),
    });
    const { json = false, yes = false, allowDestructive = false } = flags;
    return followRun(app, io, { runId, stateDir, from: null, json, yes, allowDestructive });
  });
}
