import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RunSeats, Seats } from './seats.ts';

const never = new AbortController().signal;
/** Until what was left without having been taken is free. */
const aMoment = () => new Promise((resolve) => setImmediate(resolve));

/** True when the seat was there at once. */
async function isThere(taking: Promise<void>): Promise<boolean> {
  const later = Symbol('later');
  const first = await Promise.race([taking, new Promise((resolve) => setImmediate(resolve, later))]);
  return first !== later;
}

describe('the seats of a run', () => {
  it('are promised to as many as are free, first come first', async () => {
    const seats = new RunSeats(2);
    assert.deepEqual(seats.choose(['a', 'b', 'c']), ['a', 'b']);
    assert.deepEqual([seats.free, seats.holds(), seats.choose(['c'])], [0, false, []]);
    seats.seatFor('a').leave();
    assert.deepEqual(seats.choose(['c', 'd']), []);
    await aMoment();
    assert.deepEqual(seats.choose(['c', 'd']), ['c']);
  });

  it('are waited for in the order of asking, by nobody who has one', async () => {
    const seats = new RunSeats(1);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => seats.seatFor(id));
    assert.ok(a && b && c);
    await a.take(never);
    await a.take(never);
    const [second, third] = [b.take(never), c.take(never)];
    assert.deepEqual([await isThere(second), await isThere(third)], [false, false]);
    a.leave();
    a.leave();
    assert.deepEqual([await isThere(second), await isThere(third)], [true, false]);
    b.leave();
    assert.equal(await isThere(third), true);
    assert.equal(seats.free, 0);
    c.leave();
    assert.equal(seats.free, 1);
  });

  it('go to those who wait before anybody else is chosen, and who gives up is out of the way', async () => {
    const seats = new RunSeats(1);
    await seats.seatFor('a').take(never);
    const b = seats.seatFor('b');
    const giving = new AbortController();
    const waiting = b.take(giving.signal);
    seats.seatFor('a').leave();
    await waiting;
    assert.deepEqual(seats.choose(['c']), []);

    const d = seats.seatFor('d');
    const cut = d.take(giving.signal);
    giving.abort(new Error('cancelled'));
    await assert.rejects(cut, /cancelled/);
    await assert.rejects(d.take(giving.signal), /cancelled/);
    b.leave();
    assert.deepEqual(seats.choose(['c']), ['c']);
  });

  it('tell whoever watches when one is free, and only then', async () => {
    const seats = new RunSeats(1);
    let told = 0;
    const off = seats.watch(() => {
      told += 1;
    });
    const [a, b] = [seats.seatFor('a'), seats.seatFor('b')];
    await a.take(never);
    const waiting = b.take(never);
    a.leave();
    await waiting;
    assert.equal(told, 0);
    b.leave();
    assert.equal(told, 1);
    off();
    const c = seats.seatFor('c');
    await c.take(never);
    c.leave();
    assert.equal(told, 1);
  });

  it('hold what goes on in this process against new choices, until it has left, and let no more work than there are', async () => {
    const seats = new RunSeats(2);
    // After a restart: three were under way, one of them in review, one came back from there; none has asked its model yet.
    const [a, b, c] = ['a', 'b', 'c'].map((id) => seats.seatFor(id));
    assert.ok(a && b && c);
    a.leave();
    a.claim();
    c.leave();
    assert.deepEqual(seats.choose(['d']), []);
    await aMoment();
    assert.deepEqual(seats.choose(['d']), []);
    await Promise.all([a.take(never), b.take(never)]);
    assert.equal(await isThere(c.take(never)), false);
  });

  it('are kept against new subtasks by who rests, and open to who comes back', async () => {
    const seats = new RunSeats(1);
    const [a, b] = [seats.seatFor('a'), seats.seatFor('b')];
    await a.take(never);
    const back = b.take(never);
    a.rest();
    assert.equal(await isThere(back), true);
    assert.deepEqual([a.isTaken, b.isTaken], [false, true]);
    const again = a.take(never);
    b.rest();
    assert.equal(await isThere(again), true);
    a.leave();
    assert.deepEqual(seats.choose(['c']), []);
    b.close();
    await aMoment();
    assert.deepEqual(seats.choose(['c']), ['c']);
  });

  it('of what has ended are free a moment later', async () => {
    const seats = new RunSeats(1);
    let told = 0;
    seats.watch(() => {
      told += 1;
    });
    const a = seats.seatFor('a');
    await a.take(never);
    a.close();
    a.close();
    assert.deepEqual([seats.holds(), told], [false, 0]);
    await aMoment();
    assert.deepEqual([seats.holds(), told], [true, 1]);
  });

  it('never have more agents at work than there are seats, whatever happens', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'] as const;
    const act = fc.record({
      id: fc.constantFrom(...ids),
      what: fc.constantFrom('choose', 'take', 'rest', 'leave', 'close', 'cut'),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(act, { maxLength: 40 }), async (size, acts) => {
        const seats = new RunSeats(size);
        const working = new Set<string>();
        const waiting = new Map<string, AbortController>();
        for (const { id, what } of acts) {
          const seat = seats.seatFor(id);
          if (what === 'choose') seats.choose([id]);
          if (what !== 'choose' && what !== 'take' && what !== 'cut' && !waiting.has(id)) {
            seat[what]();
            working.delete(id);
          }
          if (what === 'cut') waiting.get(id)?.abort(new Error('cut'));
          if (what === 'take' && !waiting.has(id)) {
            const cutting = new AbortController();
            waiting.set(id, cutting);
            void seat.take(cutting.signal).then(
              () => {
                working.add(id);
                waiting.delete(id);
              },
              () => waiting.delete(id),
            );
          }
          await new Promise((resolve) => setImmediate(resolve));
          assert.ok(working.size <= size, `${working.size} of ${size} work`);
          assert.ok(waiting.size === 0 || working.size === size, 'nobody waits while a seat is free');
        }
      }),
    );
  });
});

describe('the seats of several runs', () => {
  it('are apart, and forgotten when the run is over and the last of its agents has gone', async () => {
    const all = new Seats();
    const late = all.of('r', 1).seatFor('a');
    await late.take(never);
    assert.equal(all.of('other', 1).free, 1);
    all.close('r');
    // Taken up again while one of its agents is still there.
    assert.equal(all.of('r', 1).free, 0);
    all.close('r');
    late.leave();
    assert.equal(all.of('r', 2).free, 2);
  });
});
