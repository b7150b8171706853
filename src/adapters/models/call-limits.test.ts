import assert from 'node:assert/strict';
import { createCallGuard } from './call-guard.ts';
import { createWatch } from './editor-watch.ts';

describe('the limits of a model call that nobody configures', () => {
  const system = globalThis.setTimeout;
  afterEach(() => {
    globalThis.setTimeout = system;
  });

  /** Delays of the timers that are begun, in milliseconds. */
  const delaysOf = (begin: () => { close(): void }): number[] => {
    const delays: number[] = [];
    globalThis.setTimeout = Object.assign((fn: () => void, ms?: number) => {
      delays.push(ms ?? 0);
      return system(fn, ms);
    }, system);
    begin().close();
    return delays;
  };

  it('are 60 seconds of silence and 20 minutes in all, over HTTP and over the editor', () => {
    const never = new AbortController().signal;
    assert.deepEqual(
      delaysOf(() => createCallGuard(never, fetch, {})),
      [60_000, 1_200_000],
    );
    assert.deepEqual(
      delaysOf(() => createWatch(never, {})),
      [60_000, 1_200_000],
    );
  });
});
