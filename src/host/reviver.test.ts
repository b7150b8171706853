import assert from 'node:assert/strict';
import { createReviver } from './reviver.ts';

describe('reviver', () => {
  const rig = () => {
    const said: string[] = [];
    let nowMs = 0;
    const reviver = createReviver({
      now: () => nowMs,
      goOn: async () => void said.push('go on'),
      giveUp: () => void said.push('give up'),
    });
    return {
      said,
      async end(atMs: number) {
        nowMs = atMs;
        await reviver.revive();
      },
    };
  };

  it('goes on three times within ten minutes, then gives up', async () => {
    const { said, end } = rig();
    for (const at of [0, 1_000, 2_000, 3_000]) await end(at);
    assert.deepEqual(said, ['go on', 'go on', 'go on', 'give up']);
  });

  it('goes on again when the ends are far apart', async () => {
    const { said, end } = rig();
    for (const at of [0, 300_000, 599_999, 700_000]) await end(at);
    assert.deepEqual(said, ['go on', 'go on', 'go on', 'go on']);
  });
});
