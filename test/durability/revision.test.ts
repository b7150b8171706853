import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';
import { approve } from '../scenarios/rig.ts';
import { finishedCalls } from './finished-calls.ts';
import { type Effects, MOMENTS } from './order.ts';
import {
  endWorkers,
  eventsOf,
  eventually,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  startWorker,
} from './place.ts';

const FOLDER = '1-revised';
const REVISION = 'revision-checks-0';
/** Passes everywhere, except on GitHub without `fixed.txt`. */
const IN_CI = 'test "$CI" != true -o -f fixed.txt';
const UPDATING: Effects = { repository: ['landAgain'], forge: ['failedLogs'], deployer: [] };

/** What the models of a project have recorded whose checks fail on GitHub until a revision. */
function writeRecording(dir: string): string {
  const folder = join(dir, FOLDER);
  mkdirSync(folder, { recursive: true });
  const turn = (text: string, tool: string, input: object) => ({ text, calls: [{ tool, input }] });
  const work = (path: string) => [
    turn('I write the file.', 'write', { file_path: path, content: 'x\n' }),
    turn('It is there.', 'finish', { report: 'done' }),
  ];
  const plan = aPlan([aSubtask('a', { checks: [{ name: 'there', command: 'test -f a/done.txt' }] })], {
    integrationChecks: [{ name: 'all', command: IN_CI }],
  });
  const lead = { clarify: { questions: [] }, plan, reviews: { a: [approve], [REVISION]: [approve] } };
  const files = {
    'brief.yaml': stringify(aBrief({ name: 'Revised' })),
    'lead.json': JSON.stringify(lead),
    'agents.json': JSON.stringify({ a: work('a/done.txt'), [REVISION]: work('fixed.txt') }),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'brief.yaml');
}

type Moment = [what: string, isAt: (events: readonly DomainEvent[]) => boolean];

const ofRevision = (type: 'subtask.started' | 'subtask.committed' | 'subtask.reviewed'): Moment => [
  `${type} of the revision`,
  (events) => events.some((event) => event.type === type && event.subtaskId === REVISION),
];
const again = (type: DomainEvent['type']): Moment => [
  `${type} again`,
  (events) => events.filter((event) => event.type === type).length === 2,
];
/** A worker is killed as soon as it is seen that one of these has happened, in this order. */
const SEEN: Moment[] = [
  ofRevision('subtask.started'),
  ['an answer of the revision', (events) => events.some((e) => e.type === 'model.called' && e.subtaskId === REVISION)],
  ofRevision('subtask.committed'),
  ofRevision('subtask.reviewed'),
  again('changes.landed'),
  again('branch.pushed'),
];

describe('a run killed while the failed checks of its pull request are mended', function () {
  this.timeout(120_000);
  let outside: Outside;
  let place: Place;
  let brief: string;
  beforeEach(async () => {
    place = makePlace();
    brief = writeRecording(join(place.root, 'recorded'));
    outside = await openOutside({ samplesDir: join(place.root, 'recorded') });
  });
  afterEach(async () => {
    await endWorkers();
    await outside.close();
    place.remove();
  });

  it('asks no finished question again and updates the pull request once', async () => {
    const dieFile = join(place.root, 'died');
    const order = { brief, until: 'commit' as const, dieFile, effects: UPDATING };
    const moments = [...SEEN];
    let finished = new Set<string>();
    let runId = '';
    for (let lives = 1; ; lives += 1) {
      assert.ok(lives < 20, 'it goes on and on');
      const from = outside.asked.length;
      const worker = startWorker(place, outside, order);
      ({ runId } = await worker.said('ready'));
      let hasEnded = false;
      const ended = worker.ended.finally(() => {
        hasEnded = true;
      });
      // One may have passed before the kill at the one before it arrived.
      while (moments[0]?.[1](eventsOf(place, runId))) moments.shift();
      const [what, isAt] = moments[0] ?? ['the end', () => false];
      await eventually(what, () => hasEnded || isAt(eventsOf(place, runId)), 60_000);
      worker.child.kill('SIGKILL');
      const { signal, lines, stderr } = await ended;
      const asked = outside.asked.slice(from).map((entry) => entry.key);
      assert.deepEqual(
        asked.filter((key) => finished.has(key)),
        [],
        'asked again although the answer was on record',
      );
      if (signal === 'SIGKILL') {
        finished = finishedCalls(place, FOLDER);
        continue;
      }
      const last = lines.at(-1);
      assert.ok(last?.type === 'settled', `${JSON.stringify(last)} ${stderr}`);
      assert.deepEqual([last.view.status, last.view.error, last.view.waiting], ['complete', null, []]);
      assert.ok(lives > 2 * MOMENTS.length + 1, `only ${lives - 1} kills`);
      break;
    }
    const died = readFileSync(dieFile, 'utf8').trim().split('\n').sort();
    const effects = [...UPDATING.forge, ...UPDATING.repository];
    assert.deepEqual(died, effects.flatMap((effect) => MOMENTS.map((moment) => `${effect} ${moment}`)).sort());
    assert.ok([...finished].some((key) => key.includes(REVISION)));
    await assertUpdatedOnce(runId);
  });

  const assertUpdatedOnce = async (runId: string): Promise<void> => {
    const events = eventsOf(place, runId);
    const updated = events.filter((event) => event.type === 'pull_request.updated');
    assert.deepEqual(
      updated.map(({ reason, round }) => [reason, round]),
      [['checks', 1]],
    );
    const { slug } = events.find((event) => event.type === 'run.started') ?? { slug: '' };
    const pulls = await outside.pullRequests(slug);
    assert.deepEqual(
      pulls.map(({ number, merged_at, head }) => [number, merged_at !== null, head.sha]),
      [[1, true, updated[0]?.commit]],
    );
    assert.equal((await outside.checkedHeads(slug)).length, 2);
  };
});
