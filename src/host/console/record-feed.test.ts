import assert from 'node:assert/strict';
import type { EventRecord } from '../../protocol/events.ts';
import { RecordFeed } from './record-feed.ts';

const record = (runId: string, seq: number): EventRecord => ({
  v: 1,
  runId,
  seq,
  at: '2026-01-15T09:30:00.000Z',
  event: { type: 'stage.entered', stage: 'plan' },
});

/** Collects batches, and gives the next one as a promise. */
function collect() {
  const batches: EventRecord[][] = [];
  let next = Promise.withResolvers<EventRecord[]>();
  const feed = new RecordFeed((batch) => {
    batches.push(batch);
    next.resolve(batch);
    next = Promise.withResolvers();
  });
  return { feed, batches, next: () => next.promise };
}

describe('the feed of a page', () => {
  it('gathers the events of the watched run into one batch', async () => {
    const { feed, next } = collect();
    feed.watch('a');
    feed.take([record('a', 1), record('b', 1)]);
    feed.take([record('a', 2)]);
    assert.deepEqual(
      (await next()).map(({ runId, seq }) => [runId, seq]),
      [
        ['a', 1],
        ['a', 2],
      ],
    );
    feed.dispose();
  });

  it('drops what was gathered when another run is watched', async () => {
    const { feed, batches, next } = collect();
    feed.watch('a');
    feed.take([record('a', 1)]);
    feed.watch('b');
    feed.take([record('b', 7)]);
    assert.deepEqual(
      (await next()).map(({ seq }) => seq),
      [7],
    );
    assert.equal(batches.length, 1);
    feed.dispose();
  });

  it('sends nothing while no run is watched', async () => {
    const { feed, batches, next } = collect();
    feed.take([record('a', 1)]);
    feed.watch('a');
    feed.take([record('a', 2)]);
    await next();
    assert.deepEqual(
      batches.flat().map(({ seq }) => seq),
      [2],
    );
    feed.dispose();
  });
});
