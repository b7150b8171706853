import assert from 'node:assert/strict';
import type { EventRecord } from '../../protocol/events.ts';
import { sendHistory } from './history.ts';

const record = (seq: number): EventRecord => ({
  v: 1,
  runId: 'r',
  seq,
  at: new Date(0).toISOString(),
  event: { type: 'run.cancelled' },
});

function rig(wantedChunks = Number.POSITIVE_INFINITY) {
  const sent: number[][] = [];
  return {
    sent,
    parts: {
      read: async (afterSeq: number, limit: number) =>
        Array.from({ length: limit }, (_, n) => record(afterSeq + n + 1)),
      send: (chunk: EventRecord[]) => void sent.push(chunk.map(({ seq }) => seq)),
      isWanted: () => sent.length < wantedChunks,
    },
  };
}

describe('history for the console', () => {
  it('sends everything of a short run once, in order, and nothing beyond the view', async () => {
    const { sent, parts } = rig();
    await sendHistory(parts, 1_203);
    assert.deepEqual(
      sent.flat(),
      Array.from({ length: 1_203 }, (_, n) => n + 1),
    );
    assert.equal(sent.length, 3);
  });

  it('sends the last events of a long run only', async () => {
    const { sent, parts } = rig();
    await sendHistory(parts, 20_000);
    assert.equal(sent.flat().length, 5_000);
    assert.equal(sent.flat()[0], 15_001);
  });

  it('stops when the page shows something else, and for a run without events', async () => {
    const { sent, parts } = rig(2);
    await sendHistory(parts, 4_000);
    assert.equal(sent.length, 2);
    await sendHistory(rig().parts, 0);
  });
});
