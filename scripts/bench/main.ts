import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { consoleStream } from './console.ts';
import { extension } from './extension.ts';
import { firstRequest } from './first-request.ts';
import { foldRate } from './fold.ts';
import { makespan } from './makespan.ts';
import { radar } from './radar.ts';
import { loadNow, type Measure, machineFacts, type Row, renderTable } from './report.ts';
import { resources } from './resources.ts';
import { silence } from './silence.ts';
import { startup } from './startup.ts';
import { turn } from './turn.ts';

/**
 * Measures the built command line against a model server on this machine. The table goes to stderr, the JSON document to
 * stdout or to a file. Numbers depend on the machine and on what else it does: compare ratios and repeated runs.
 */
const MEASURES: readonly Measure[] = [
  startup,
  firstRequest,
  turn,
  makespan,
  resources,
  radar,
  foldRate,
  silence,
  consoleStream,
  extension,
];

const HELP = `npm run bench -- [--only a,b] [--runs N] [--json FILE]

  --only   measures to take; default all:
${MEASURES.map(({ name, about }) => `             ${name.padEnd(14)} ${about}`).join('\n')}
  --runs   times that each run is repeated; default 3
  --json   file for the JSON document; default stdout`;

function readArguments() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      runs: { type: 'string', default: '3' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const names = values.only?.split(',').map((name) => name.trim());
  const unknown = names?.filter((name) => !MEASURES.some((measure) => measure.name === name)) ?? [];
  const runs = Number(values.runs);
  if (unknown.length > 0) throw new Error(`There is no measure "${unknown.join('", "')}".\n\n${HELP}`);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs is "${values.runs}"; a whole number from 1 on.`);
  const selected = names === undefined ? MEASURES : MEASURES.filter(({ name }) => names.includes(name));
  return { selected, runs, jsonFile: values.json ?? null, wantsHelp: values.help };
}

async function main(): Promise<void> {
  const { selected, runs, jsonFile, wantsHelp } = readArguments();
  const say = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  if (wantsHelp) {
    say(HELP);
    return;
  }
  const loadBefore = loadNow();
  const rows: Row[] = [];
  for (const { measure } of selected) rows.push(...(await measure({ runs, say })));
  const document = {
    v: 1,
    takenAt: new Date().toISOString(),
    machine: machineFacts(),
    load: { before: loadBefore, after: loadNow() },
    runs,
    rows,
  };
  const { machine, load } = document;
  say(`\n${renderTable(rows)}`);
  say(
    `\n${machine.cores} cores, ${machine.memoryMb} MB, Node ${machine.node}, git ${machine.git}; ` +
      `load ${load.before.join(' ')} before, ${load.after.join(' ')} after; ${runs} runs each`,
  );
  const json = `${JSON.stringify(document)}\n`;
  if (jsonFile === null) process.stdout.write(json);
  else writeFileSync(jsonFile, json);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
