import assert from 'node:assert/strict';
import type { Evidence } from '../../protocol/work.ts';
import type { RehearsedCandidate } from './candidate.ts';
import { Rehearsals } from './rehearsals.ts';

const RUN = 'run-1';
const never = new AbortController().signal;

/** A workshop whose rehearsals end when the test says so. */
function workshop() {
  const rehearsals = new Rehearsals();
  const trials: {
    name: string;
    baseCommit: string;
    signal: AbortSignal;
    end(part?: Partial<RehearsedCandidate>): void;
    fail(): void;
  }[] = [];
  const begin = (name: string, commit = `${name}1`) =>
    rehearsals.begin(RUN, {
      subtaskId: name,
      commit,
      rehearse: (baseCommit, signal) =>
        new Promise((resolve, reject) => {
          trials.push({
            name,
            baseCommit,
            signal,
            end: (part = {}) =>
              resolve({
                commit: `${baseCommit}+${commit}`,
                conflicts: [],
                descriptions: [],
                evidence: [],
                files: [],
                ...part,
              }),
            fail: () => reject(new Error('no room')),
          });
        }),
    });
  const take = (name: string, baseCommit: string, commit = `${name}1`, proven = true) =>
    rehearsals.take(RUN, { subtask: { id: name }, commit, baseCommit, proven }, never);
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const newest = () => {
    const trial = trials.at(-1);
    assert.ok(trial, 'nothing is rehearsed');
    return trial;
  };
  return {
    rehearsals,
    trials,
    begin,
    take,
    settled,
    newest,
    seen: () => trials.map((t) => `${t.name} on ${t.baseCommit}`),
  };
}

const failing: Evidence[] = [
  { name: 'test', command: 'false', exitCode: 1, outcome: 'failed', durationMs: 1, outputTail: '', outputFile: null },
];

describe('rehearsals', () => {
  it('begin when the head is known, and give their result to the integration on that head', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    begin('a');
    rehearsals.settle(RUN, 'h');
    assert.deepEqual(seen(), []);
    begin('a');
    newest().end();
    await settled();
    assert.equal((await take('a', 'h'))?.commit, 'h+a1');
    assert.equal(await take('a', 'h'), null);
    assert.deepEqual(seen(), ['a on h']);
  });

  it('stand one on the other, past one that has conflicts or fails, one at a time (invariant 1)', async () => {
    const { rehearsals, begin, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    for (const name of ['a', 'b', 'c', 'd']) begin(name);
    assert.deepEqual(seen(), ['a on h']);
    newest().end();
    await settled();
    newest().end({ conflicts: ['x'] });
    await settled();
    newest().end({ evidence: failing });
    await settled();
    assert.deepEqual(seen(), ['a on h', 'b on h+a1', 'c on h+a1', 'd on h+a1']);
  });

  it('stay good when what they stand on is integrated, and are made again when it is not', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    for (const name of ['a', 'b']) begin(name);
    newest().end();
    await settled();
    newest().end();
    await settled();
    assert.equal((await take('a', 'h'))?.commit, 'h+a1');
    rehearsals.settle(RUN, 'h+a1');
    assert.equal((await take('b', 'h+a1'))?.commit, 'h+a1+b1');
    rehearsals.settle(RUN, 'other');
    for (const name of ['c', 'd']) begin(name);
    newest().end();
    await settled();
    newest().end();
    await settled();
    // Approved before the one that it stands on.
    assert.equal(await take('d', 'other'), null);
    assert.equal(seen().length, 4);
    rehearsals.settle(RUN, 'other+d');
    assert.equal(seen().at(-1), 'c on other+d');
  });

  it('are nothing to an integration of another commit, on another head, or without a reviewed proof (invariant 2)', async () => {
    for (const [commit, base, proven] of [
      ['a2', 'h', true],
      ['a1', 'g', true],
      ['a1', 'h', false],
    ] as const) {
      const { rehearsals, begin, take, settled, newest } = workshop();
      rehearsals.settle(RUN, 'h');
      begin('a');
      newest().end();
      await settled();
      assert.equal(await take('a', base, commit, proven), null);
    }
  });

  it('are waited for when they are under way, and not when they would have to begin', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    begin('a');
    begin('b');
    const taken = take('a', 'h');
    await settled();
    assert.equal(newest().signal.aborted, false);
    newest().end();
    assert.equal((await taken)?.commit, 'h+a1');
    await settled();
    assert.deepEqual(seen(), ['a on h', 'b on h+a1']);
    assert.equal(await take('b', 'elsewhere'), null);
    assert.equal(newest().signal.aborted, true);
  });

  it('wait for an integration whose end nobody can tell', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    begin('a');
    newest().end({ conflicts: ['x'] });
    await settled();
    assert.deepEqual((await take('a', 'h'))?.conflicts, ['x']);
    begin('b');
    assert.deepEqual(seen(), ['a on h']);
    rehearsals.settle(RUN, 'joined');
    assert.deepEqual(seen(), ['a on h', 'b on joined']);
  });

  it('are cut short when the lead wants changes, and those that stood on them are made again', async () => {
    const { rehearsals, begin, settled, newest, seen, trials } = workshop();
    rehearsals.settle(RUN, 'h');
    for (const name of ['a', 'b']) begin(name);
    newest().end();
    await settled();
    rehearsals.drop(RUN, 'a');
    assert.equal(trials[1]?.signal.aborted, true);
    newest().fail();
    await settled();
    assert.deepEqual(seen(), ['a on h', 'b on h+a1', 'b on h']);
    begin('b', 'b2');
    assert.equal(trials[2]?.signal.aborted, true);
    newest().end();
    await settled();
    assert.equal(seen().length, 4);
    newest().end();
    await settled();
    assert.equal(seen().length, 4);
  });

  it('that failed are not tried again on the same head, and leave the integration to itself', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    begin('a');
    newest().fail();
    await settled();
    begin('b');
    assert.deepEqual(seen(), ['a on h', 'b on h']);
    assert.equal(await take('a', 'h'), null);
  });

  it('end with the integration that waits for them, when that is cancelled', async () => {
    const { rehearsals, begin, newest } = workshop();
    rehearsals.settle(RUN, 'h');
    begin('a');
    const cancelling = new AbortController();
    const wanted = { subtask: { id: 'a' }, commit: 'a1', baseCommit: 'h', proven: true };
    const taken = rehearsals.take(RUN, wanted, cancelling.signal);
    cancelling.abort(new Error('cancelled'));
    assert.equal(newest().signal.aborted, true);
    newest().fail();
    await assert.rejects(taken, /cancelled/);
  });

  it('are over when the run is', async () => {
    const { rehearsals, begin, take, settled, newest, seen } = workshop();
    rehearsals.settle(RUN, 'h');
    for (const name of ['a', 'b']) begin(name);
    let closed = false;
    const closing = rehearsals.close(RUN).then(() => {
      closed = true;
    });
    assert.equal(newest().signal.aborted, true);
    await settled();
    assert.equal(closed, false);
    newest().fail();
    await closing;
    assert.deepEqual(seen(), ['a on h']);
    assert.equal(await take('a', 'h'), null);
    await rehearsals.close('unknown');
    begin('c');
    rehearsals.settle(RUN, 'h');
    assert.deepEqual(seen(), ['a on h']);
  });
});
