import { stat, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { applyLocalCloud } from '../../app/config.ts';
import { expandHome } from '../../app/config-values.ts';
import { AppError } from '../../protocol/errors.ts';
import type { TaskRecord } from '../../protocol/records.ts';
import { EXIT } from '../exit-codes.ts';
import { type Deps, type Io, printJson, say } from '../io.ts';
import { clean, formatDuration, plural } from '../progress/text.ts';
import { findRun, interruptible, settingsFor, stateOfRun, stateSettings, withApp } from '../session.ts';
import { printTable } from './inspect.ts';

/** Commands about what a team shares: issues, records, the tasks of everybody. */

export async function issues(
  io: Io,
  deps: Deps,
  flags: { workspace?: string; local?: boolean; json?: boolean },
): Promise<number> {
  const workspaceDir = resolve(io.cwd, expandHome(flags.workspace ?? '.', io.env));
  await requireFolder(workspaceDir);
  const own = settingsFor(io, { workspaceDir });
  if (!flags.local && own.github.token === null) {
    throw new AppError({
      code: 'configuration',
      message: 'not set: GITHUB_TOKEN',
      userMessage:
        'The issues of GitHub cannot be read: GITHUB_TOKEN is not set. Set it, or add --local for the local cloud.',
    });
  }
  const asking = interruptible(io);
  try {
    const { signal } = asking;
    const settings = flags.local
      ? applyLocalCloud(own, await deps.ensureLocalCloud({ stateDir: own.stateDir, signal }))
      : own;
    return await withApp(deps, settings, async (app) => {
      const open = await app.openIssues(workspaceDir, signal);
      if (flags.json) {
        for (const issue of open) printJson(io, issue);
        return EXIT.complete;
      }
      if (open.length === 0) {
        say(
          io,
          `No open issues, or ${workspaceDir} has no "origin" on the configured GitHub (work in a clone to see them).`,
        );
        return EXIT.complete;
      }
      const rows = open.map(({ owner, name, number, title }) => [`${owner}/${name}#${number}`, clean(title)]);
      printTable(io, ['issue', 'title'], rows);
      return EXIT.complete;
    });
  } finally {
    asking.close();
  }
}

async function requireFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return;
  throw new AppError({
    code: 'usage',
    message: `${path} is no folder`,
    userMessage: `There is no folder ${path}. Give another with --workspace.`,
  });
}

/** The records of one run, or of all, as the shared database has them; from the local store. */
export async function exportRecords(
  io: Io,
  deps: Deps,
  run: string | undefined,
  flags: { out?: string },
): Promise<number> {
  const { settings, note } =
    run === undefined ? { settings: stateSettings(io), note: null } : await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const runId = run === undefined ? null : (await findRun(io, app, run, note)).runId;
    const records = await app.records(runId);
    const text = `${JSON.stringify(records, null, 2)}\n`;
    if (flags.out === undefined) {
      io.stdout.write(text);
      return EXIT.complete;
    }
    const path = resolve(io.cwd, expandHome(flags.out, io.env));
    await writeFile(path, text).catch((thrown: NodeJS.ErrnoException) => {
      throw new AppError({
        code: 'usage',
        message: `${path}: ${thrown.message}`,
        userMessage: `${path} cannot be written (${thrown.code ?? 'unknown'}). Give another file with --out.`,
        cause: thrown,
      });
    });
    const { tasks, activities, deployments } = records;
    const counts = `${plural(tasks.length, 'task')}, ${plural(activities.length, 'activity', 'activities')}, ${plural(deployments.length, 'deployment')}`;
    say(io, `Wrote ${counts} to ${path}`);
    return EXIT.complete;
  });
}

export async function team(io: Io, deps: Deps, flags: { json?: boolean }): Promise<number> {
  const settings = settingsFor(io, { workspaceDir: io.cwd });
  const asking = interruptible(io);
  try {
    return await withApp(deps, settings, async (app) => {
      const tasks = await app.teamTasks(asking.signal);
      if (tasks === null) {
        throw new AppError({
          code: 'configuration',
          message: 'no shared database',
          userMessage:
            'No shared database is configured: set ORCHESTRATOR_RECORDS_KEY (and ORCHESTRATOR_RECORDS_ENDPOINT when it is not that of deployments), and "records" in orchestrator.config.json for another project or database.',
        });
      }
      if (flags.json) for (const task of tasks) printJson(io, task);
      else if (tasks.length === 0) say(io, 'The shared database holds no task yet. A run puts its own there.');
      else
        printTable(
          io,
          ['task', 'project', 'status', 'who', 'age', 'repository'],
          tasks.map((task) => rowOf(task, io)),
        );
      return EXIT.complete;
    });
  } finally {
    asking.close();
  }
}

function rowOf({ taskId, projectName, status, userId, createdAt, githubRepo }: TaskRecord, io: Io): string[] {
  const age = formatDuration(io.now() - Date.parse(createdAt));
  return [clean(taskId), clean(projectName), status, clean(userId), age, clean(githubRepo)];
}
