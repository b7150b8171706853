import type { AppApi } from '../../app/api.ts';
import type { RunView } from '../../protocol/view.ts';
import { EXIT } from '../exit-codes.ts';
import { nextCommands } from '../follow.ts';
import { diffLines, planLines } from '../gates.ts';
import { type Deps, type Io, printJson } from '../io.ts';
import { previewLines } from '../progress/deployment-lines.ts';
import { outcomeText, renderSummary } from '../progress/summary.ts';
import { clean, createPaint, displayWidth, formatDuration, formatUsd, pad } from '../progress/text.ts';
import { findRun, stateOfRun, stateSettings, withApp } from '../session.ts';

/** Commands that only look. */

export async function list(io: Io, deps: Deps, flags: { json?: boolean }): Promise<number> {
  return withApp(deps, stateSettings(io), async (app) => {
    const views = await app.list();
    if (flags.json) {
      for (const view of views) printJson(io, view);
      return EXIT.complete;
    }
    const rows = views.map((view) => [
      view.runId,
      nameOf(view),
      outcomeText(view),
      view.stage,
      formatUsd(view.cost.usd),
      view.startedAt === null ? '' : formatDuration(io.now() - Date.parse(view.startedAt)),
    ]);
    printTable(io, ['run', 'name', 'status', 'stage', 'cost', 'age'], rows);
    return EXIT.complete;
  });
}

/** A run that only deploys, or undoes, has the brief of the one that it is about. */
function nameOf({ brief, purpose }: RunView): string {
  const name = clean(brief?.name ?? '');
  return purpose === 'build' ? name : `${name} (${purpose})`;
}

export function printTable(io: Io, header: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => displayWidth(row[column] ?? ''))));
  for (const row of all) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : pad(cell, widths[column] ?? 0)));
    io.stdout.write(`${cells.join('  ').trimEnd()}\n`);
  }
}

export async function show(io: Io, deps: Deps, run: string, flags: { json?: boolean }): Promise<number> {
  const { settings, note } = await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const view = await findRun(io, app, run, note);
    if (flags.json) {
      printJson(io, view);
      return EXIT.complete;
    }
    const paint = createPaint(false);
    const states = Object.values(view.subtasks).map((subtask) => {
      const last = subtask.lastAction === '' ? '' : `: ${clean(subtask.lastAction)}`;
      return `  ${pad(subtask.state, 10)} ${subtask.id} ${clean(subtask.title)}${last}`;
    });
    const next = nextCommands(io, view).map((command) => `  ${command}`);
    const lines = [
      ...planLines(view, paint),
      ...(states.length === 0 ? [] : ['Subtasks', ...states]),
      ...diffLines(view, paint),
      ...previewLines(view, paint),
      ...renderSummary(view, { stateDir: settings.stateDir, nowMs: io.now(), paint }),
      ...(next.length === 0 ? [] : ['', 'Go on with:', ...next]),
    ];
    for (const line of lines) io.stdout.write(`${line}\n`);
    return EXIT.complete;
  });
}

export async function events(io: Io, deps: Deps, run: string, flags: { follow?: boolean }): Promise<number> {
  const { settings, note } = await stateOfRun(io, run);
  return withApp(deps, settings, async (app) => {
    const view = await findRun(io, app, run, note);
    if (flags.follow) return followEvents(io, app, view.runId);
    let after = 0;
    for (;;) {
      const records = app.events(view.runId, after);
      for (const record of records) printJson(io, record);
      const last = records.at(-1);
      if (last === undefined) return EXIT.complete;
      after = last.seq;
    }
  });
}

const END_EVENTS: ReadonlySet<string> = new Set(['run.completed', 'run.failed', 'run.cancelled']);

/** Until the run has ended, Ctrl-C, or nobody reads any more. */
async function followEvents(io: Io, app: AppApi, runId: string): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const closers = [
    io.onInterrupt(() => ended.resolve(EXIT.cancelled)),
    io.onOutputClosed(() => ended.resolve(EXIT.complete)),
    app.subscribe(runId, 0, (record) => {
      printJson(io, record);
      if (END_EVENTS.has(record.event.type)) ended.resolve(EXIT.complete);
    }),
  ];
  // A subscription may poll with timers that do not keep the process alive.
  const keepAlive = setInterval(() => undefined, 60_000);
  try {
    return await ended.promise;
  } finally {
    clearInterval(keepAlive);
    for (const close of closers) close();
  }
}
