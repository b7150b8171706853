import { createRepository } from '../../src/adapters/git/repository.ts';
import { makePlace } from './place.ts';
import type { Measure, Row } from './report.ts';
import { median, quantile } from './stats.ts';

const FILES = 5_000;
/** Agents at work; each pair of them is merged once a run, so 45 merges. */
const BRANCHES = 10;
const TARGET_MS = 50;
/** Files as `place.ts` makes them. */
const SHARED = 'src/folder-0/file-0.js';
const LINES = 20;
const MOVED = 50;

interface Variant {
  name: string;
  about: string;
  /** What the agent of this number has changed: path -> text; null takes the file away. */
  change(agent: number): Record<string, string | null>;
}

const fileOf = (index: number) => `src/folder-${Math.floor(index / 50)}/file-${index}.js`;
const textOf = (index: number, changedLine: number, by: number): string =>
  Array.from({ length: LINES }, (_, line) =>
    line === changedLine
      ? `export const value${line} = 'agent ${by}';\n`
      : `export const value${line} = ${index * LINES + line};\n`,
  ).join('');
/** Three files of its own folder, and a new one. */
const ownWork = (agent: number): Record<string, string> => ({
  ...Object.fromEntries(
    [0, 1, 2].map((n) => (agent + 1) * 400 + n).map((index) => [fileOf(index), textOf(index, 5, agent)]),
  ),
  [`src/part-${agent}/new.js`]: `export const part = ${agent};\n`,
});

const movedFiles = (agent: number) => Array.from({ length: MOVED }, (_, n) => FILES - (agent + 1) * MOVED + n);

const VARIANTS: readonly Variant[] = [
  {
    name: 'same-file',
    about: 'other lines of one file each',
    change: (agent) => ({ ...ownWork(agent), [SHARED]: textOf(0, agent * 2, agent) }),
  },
  {
    name: 'conflict',
    about: 'the same line of one file',
    change: (agent) => ({ ...ownWork(agent), [SHARED]: textOf(0, 0, agent) }),
  },
  {
    name: 'moved',
    about: 'each has moved and changed 50 files, of which the next one has changed one',
    change: (agent) => ({
      ...ownWork(agent),
      ...Object.fromEntries(
        movedFiles(agent).flatMap((index) => [
          [fileOf(index), null],
          [`src/moved-${agent}/file-${index}.js`, textOf(index, 7, agent)],
        ]),
      ),
      ...Object.fromEntries(
        movedFiles((agent + BRANCHES - 1) % BRANCHES)
          .slice(0, 1)
          .map((index) => [fileOf(index), textOf(index, 15, agent)]),
      ),
    }),
  },
];

/** What the overlap radar does for each pair of branches that may meet: one merge in memory, of commits never merged before. */
export const radar: Measure = {
  name: 'radar',
  about: 'one merge in memory of two agents’ branches, 5,000 files',
  async measure({ runs, say }) {
    const rows: Row[] = [];
    for (const variant of VARIANTS) {
      const times: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const own = await mergeAllPairs(variant);
        times.push(...own);
        say(`radar ${variant.name}: run ${run + 1} of ${runs}, median ${median(own).toFixed(1)} ms`);
      }
      const name = `radar.${variant.name}`;
      const note = `a pair of ${BRANCHES} branches; ${variant.about}`;
      rows.push(
        { name: `${name}.median`, value: median(times), unit: 'ms', target: TARGET_MS, note },
        {
          name: `${name}.p90`,
          value: quantile(times, 0.9),
          unit: 'ms',
          target: null,
          note: 'slowest tenth begins here',
        },
        { name: `${name}.longest`, value: Math.max(...times), unit: 'ms', target: null, note: 'the slowest of all' },
      );
    }
    return rows;
  },
};

/** Milliseconds of each merge, in a fresh repository and with git as a run finds it after its first commits. */
async function mergeAllPairs({ name, change }: Variant): Promise<number[]> {
  const place = makePlace(FILES);
  const repository = createRepository({ tempDir: () => place.dir });
  const repoDir = place.workspaceDir;
  try {
    const { baseCommit } = await repository.open(repoDir, AbortSignal.timeout(60_000));
    const branches: string[] = [];
    for (let agent = 0; agent < BRANCHES; agent += 1) {
      const files = Object.entries(change(agent)).map(([path, content]) => ({ path, content }));
      const message = { subject: `agent ${agent}`, body: '', trailers: {} };
      branches.push(await repository.commitFiles(repoDir, baseCommit, files, message));
    }
    const times: number[] = [];
    for (const [at, theirs] of branches.entries()) {
      for (const ours of branches.slice(at + 1)) {
        const startedMs = performance.now();
        const { conflicts } = await repository.merge(repoDir, ours, theirs);
        times.push(performance.now() - startedMs);
        if (conflicts.length > 0 !== (name === 'conflict')) throw new Error(`${conflicts.length} conflicts in ${name}`);
      }
    }
    return times;
  } finally {
    await repository.close();
    place.remove();
  }
}
