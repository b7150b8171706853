import { resolve } from 'node:path';
import { readBrief } from '../../app/brief-file.ts';
import { expandHome } from '../../app/config-values.ts';
import { writeRunNote } from '../../app/run-notes.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Stage } from '../../protocol/events.ts';
import { followRun } from '../follow.ts';
import type { Deps, Io } from '../io.ts';
import { executableSettings, interruptible, settingsFor, withApp } from '../session.ts';

export interface RunFlags {
  workspace?: string;
  yes?: boolean;
  json?: boolean;
  budget?: string;
  local?: boolean;
  concurrency?: string;
  until?: string;
}

const UNTIL: readonly Stage[] = ['plan', 'build', 'review', 'commit', 'deploy'];

export async function run(io: Io, deps: Deps, briefPath: string, flags: RunFlags): Promise<number> {
  const brief = await readBrief(resolve(io.cwd, briefPath));
  const until = readUntil(flags.until ?? 'deploy');
  if (flags.workspace === '') throw new AppError({ code: 'usage', message: '--workspace is empty; give a folder' });
  const workspaceDir = resolve(io.cwd, expandHome(flags.workspace ?? '.', io.env));
  const checked = settingsFor(io, { workspaceDir, budget: flags.budget, concurrency: flags.concurrency });
  await deps.checkWorkspace(workspaceDir);
  const starting = interruptible(io);
  const local = flags.local ?? false;
  let settings = checked;
  try {
    settings = await executableSettings(io, deps, checked, { local, until, signal: starting.signal });
  } finally {
    starting.close();
  }
  return withApp(deps, settings, async (app) => {
    const { runId } = await app.dispatch({
      type: 'start',
      brief,
      workspaceDir,
      autoApprove: flags.yes ?? false,
      askQuestions: io.isInteractive && !flags.yes && !flags.json,
      budgetUsd: settings.budgetUsd,
      until,
    });
    await writeRunNote(settings.stateDir, {
      v: 1,
      runId,
      local,
      until,
      workspaceDir,
      concurrency: flags.concurrency ?? null,
      createdAt: new Date(io.now()).toISOString(),
    });
    const { stateDir } = settings;
    return followRun(app, io, { runId, stateDir, from: null, json: flags.json ?? false, yes: flags.yes ?? false });
  });
}

function readUntil(text: string): Stage {
  const stage = UNTIL.find((name) => name === text);
  if (stage !== undefined) return stage;
  const message = `--until is "${text}"; allowed: ${UNTIL.join(', ')}`;
  throw new AppError({ code: 'usage', message });
}
