import { resolve } from 'node:path';
import type { AppApi } from '../../app/api.ts';
import { readBrief } from '../../app/brief-file.ts';
import { expandHome } from '../../app/config-values.ts';
import { writeRunNote } from '../../app/run-notes.ts';
import type { Brief } from '../../protocol/brief.ts';
import { AppError } from '../../protocol/errors.ts';
import type { Stage } from '../../protocol/events.ts';
import type { IssueRef } from '../../protocol/work.ts';
import { followRun } from '../follow.ts';
import { type Deps, type Io, say } from '../io.ts';
import { clean, cleanBlock } from '../progress/text.ts';
import { executableSettings, interruptible, settingsFor, withApp } from '../session.ts';

export interface RunFlags {
  workspace?: string;
  yes?: boolean;
  json?: boolean;
  budget?: string;
  local?: boolean;
  concurrency?: string;
  until?: string;
  issue?: string;
  allowDestructive?: boolean;
}

const UNTIL: readonly Stage[] = ['plan', 'build', 'review', 'commit', 'deploy'];

/** From a brief file, or from an issue of GitHub. */
export async function run(io: Io, deps: Deps, briefPath: string | undefined, flags: RunFlags): Promise<number> {
  if ((briefPath === undefined) === (flags.issue === undefined)) {
    const message = 'give either a brief file or --issue owner/repo#12';
    throw new AppError({ code: 'usage', message, userMessage: `Nothing was started: ${message}.` });
  }
  const written = briefPath === undefined ? null : await readBrief(resolve(io.cwd, briefPath));
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
    const { brief, issue } =
      written === null ? await readIssue(io, app, flags.issue ?? '', workspaceDir) : { brief: written, issue: null };
    const { runId } = await app.dispatch({
      type: 'start',
      brief,
      workspaceDir,
      autoApprove: flags.yes ?? false,
      askQuestions: io.isInteractive && !flags.yes && !flags.json,
      budgetUsd: settings.budgetUsd,
      until,
      ...(issue === null ? {} : { issue }),
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
    const { json = false, yes = false, allowDestructive = false } = flags;
    return followRun(app, io, { runId, stateDir, from: null, json, yes, allowDestructive });
  });
}

/** Reads the issue and shows the brief made of it. */
async function readIssue(
  io: Io,
  app: AppApi,
  ref: string,
  workspaceDir: string,
): Promise<{ brief: Brief; issue: IssueRef }> {
  const reading = interruptible(io);
  try {
    const { brief, issue } = await app.readIssue(ref, workspaceDir, reading.signal);
    for (const line of briefLines(brief, issue)) say(io, line);
    return { brief, issue };
  } finally {
    reading.close();
  }
}

function briefLines(brief: Brief, issue: IssueRef): string[] {
  const { database, functions } = brief.deployment;
  const wants = [...(database ? ['database'] : []), ...(functions ? ['functions'] : [])];
  return [
    `Brief of ${clean(issue.url)}`,
    `  name         ${clean(brief.name)}`,
    `  type         ${brief.type}${wants.length === 0 ? '' : ` with ${wants.join(' and ')}`}`,
    ...cleanBlock(brief.description)
      .split('\n')
      .map((line, index) => `  ${index === 0 ? 'description ' : '            '} ${line}`),
    ...brief.requirements.map((text) => `  requirement  ${clean(text)}`),
    ...brief.constraints.map((text) => `  constraint   ${clean(text)}`),
    '',
  ];
}

function readUntil(text: string): Stage {
  const stage = UNTIL.find((name) => name === text);
  if (stage !== undefined) return stage;
  const message = `--until is "${text}"; allowed: ${UNTIL.join(', ')}`;
  throw new AppError({ code: 'usage', message });
}
