import { sdkFloorMs } from './floor.ts';
import { startMock } from './mock.ts';
import { runOrchestrator } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure, MeasureOptions, Row } from './report.ts';
import { gaps, median, quantile } from './stats.ts';
import { scriptOf } from './work.ts';

const TURNS = 40;
const TARGET_MS = 8;

interface Variant {
  name: string;
  replyMs: number;
  fileCount: number;
  target: number | null;
  about: string;
}

const VARIANTS: readonly Variant[] = [
  { name: 'at-once', replyMs: 0, fileCount: 0, target: TARGET_MS, about: 'replies at once, so the commit shows' },
  { name: 'reply-100ms', replyMs: 100, fileCount: 0, target: TARGET_MS, about: 'replies after 100 ms' },
  { name: '5000-files', replyMs: 0, fileCount: 5_000, target: null, about: 'replies at once, 5,000 files' },
  { name: '5000-files-reply-100ms', replyMs: 100, fileCount: 5_000, target: TARGET_MS, about: '5,000 files, 100 ms' },
];

/** One agent of 40 turns, each but the last writing a file, each followed by a commit in its worktree. */
export const turn: Measure = {
  name: 'turn',
  about: 'what a turn of an agent takes beyond the bare SDK',
  async measure(options) {
    const rows: Row[] = [];
    for (const variant of VARIANTS) rows.push(...(await measureVariant(variant, options)));
    return rows;
  },
};

async function measureVariant(variant: Variant, { runs, say }: MeasureOptions): Promise<Row[]> {
  const mock = await startMock();
  const overheads: number[] = [];
  const floors: number[] = [];
  try {
    for (let run = 0; run < runs; run += 1) {
      const place = makePlace(variant.fileCount);
      try {
        await mock.play(scriptOf([{ id: 'part', dependsOn: [], turns: TURNS }], variant.replyMs));
        await runOrchestrator(place, { mockUrl: mock.url, until: 'build' });
        const asked = (await mock.take()).filter((request) => request.kind === 'agent');
        if (asked.length !== TURNS) throw new Error(`${asked.length} turns were asked for, not ${TURNS}`);
        const floor = await sdkFloorMs(
          mock,
          asked.map((request) => request.body),
        );
        const own = gaps(asked.map((request) => request.receivedMs)).map((gap, i) => gap - (floor[i] ?? Number.NaN));
        overheads.push(...own);
        floors.push(...floor);
        say(`turn ${variant.name}: run ${run + 1} of ${runs}, median ${median(own).toFixed(1)} ms`);
      } finally {
        place.remove();
      }
    }
  } finally {
    await mock.close();
  }
  const name = `turn.${variant.name}`;
  const { about, target } = variant;
  return [
    { name: `${name}.median`, value: median(overheads), unit: 'ms', target, note: `a turn less the SDK's; ${about}` },
    {
      name: `${name}.p90`,
      value: quantile(overheads, 0.9),
      unit: 'ms',
      target: null,
      note: 'slowest tenth begins here',
    },
    { name: `${name}.sdk`, value: median(floors), unit: 'ms', target: null, note: 'the bare SDK, same conversation' },
  ];
}
