import assert from 'node:assert/strict';
import { AppError } from './errors.ts';
import { createPeer, type Frame, type Peer, type PeerOptions } from './peer.ts';

type Handle = PeerOptions['handle'];

/** Two sides joined by a channel that copies frames as JSON, as a real one does. */
function pair(handle: Handle, onEvent?: PeerOptions['onEvent']): { near: Peer; far: Peer; bad: string[] } {
  const bad: string[] = [];
  const copy = (frame: Frame): unknown => JSON.parse(JSON.stringify(frame));
  const near: Peer = createPeer({
    send: (frame) => queueMicrotask(() => far.receive(copy(frame))),
    handle: () => Promise.reject(new Error('not asked')),
  });
  const far: Peer = createPeer({
    send: (frame) => queueMicrotask(() => near.receive(copy(frame))),
    handle,
    ...(onEvent === undefined ? {} : { onEvent }),
    onBadFrame: (why) => bad.push(why),
  });
  return { near, far, bad };
}

describe('peer', () => {
  it('answers calls that are under way at the same time, each with its own value', async () => {
    const gates = new Map<unknown, () => void>();
    const { near } = pair(async (_method, params) => {
      await new Promise<void>((resolve) => gates.set(params, resolve));
      if (gates.size === 2) gates.get('b')?.();
      return `${String(params)}!`;
    });
    const a = near.call('say', 'a');
    const b = near.call('say', 'b');
    while (gates.size < 2) await Promise.resolve();
    gates.get('b')?.();
    assert.equal(await b, 'b!');
    gates.get('a')?.();
    assert.equal(await a, 'a!');
  });

  it('carries the code and the words of an error to the caller', async () => {
    const { near } = pair(async () => {
      throw new AppError({
        code: 'budget_exceeded',
        message: 'over',
        userMessage: 'Too much.',
        details: { capUsd: 1 },
      });
    });
    await assert.rejects(near.call('spend', null), (error: AppError) => {
      assert.equal(error.code, 'budget_exceeded');
      assert.equal(error.userMessage, 'Too much.');
      assert.deepEqual(error.details, { capUsd: 1 });
      return true;
    });
  });

  it('delivers parts in order and before the result', async () => {
    const { near } = pair(async (_method, _params, { part }) => {
      for (const n of [1, 2, 3]) part(n);
      return 'end';
    });
    const seen: unknown[] = [];
    seen.push(await near.call('stream', null, { onPart: (value) => seen.push(value) }));
    assert.deepEqual(seen, [1, 2, 3, 'end']);
  });

  it('tells the other side that a call was cancelled, and settles it at once', async () => {
    const stopped = Promise.withResolvers<unknown>();
    const { near } = pair(
      (_method, _params, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped.resolve(signal.reason);
            reject(signal.reason);
          });
        }),
    );
    const controller = new AbortController();
    const call = near.call('wait', null, { signal: controller.signal });
    await Promise.resolve();
    controller.abort();
    await assert.rejects(call, { code: 'aborted' });
    assert.equal(((await stopped.promise) as AppError).code, 'aborted');
  });

  it('ends a call that nobody answers at its time limit', async () => {
    const { near } = pair(() => new Promise(() => undefined));
    await assert.rejects(near.call('hang', null, { timeoutMs: 1 }), { code: 'timeout' });
  });

  it('fails what is under way when the channel ends, and every call after', async () => {
    const { near } = pair(() => new Promise(() => undefined));
    const call = near.call('hang', null);
    near.close(new AppError({ code: 'transport', message: 'gone' }));
    await assert.rejects(call, { code: 'transport' });
    await assert.rejects(near.call('more', null), { code: 'transport' });
  });

  it('aborts what it is doing for the other side when the channel ends', async () => {
    const stopped = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { near, far } = pair(
      (_method, _params, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => stopped.resolve());
          started.resolve();
        }),
    );
    near.call('hang', null).catch(() => undefined);
    await started.promise;
    far.close(new AppError({ code: 'transport', message: 'gone' }));
    await stopped.promise;
    near.close(new AppError({ code: 'transport', message: 'gone' }));
  });

  it('reports a frame that does not fit and goes on', async () => {
    const events: unknown[] = [];
    const { near, far, bad } = pair(
      async () => 'fine',
      (topic, value) => events.push([topic, value]),
    );
    for (const frame of [
      null,
      'text',
      { t: 'call' },
      { t: 'event', topic: 'x', value: 1, more: true },
      { t: 'cancel', id: 99 },
    ]) {
      far.receive(frame);
    }
    assert.equal(bad.length, 4);
    near.emit('news', { n: 1 });
    assert.equal(await near.call('still', null), 'fine');
    assert.deepEqual(events, [['news', { n: 1 }]]);
  });
});
