import assert from 'node:assert/strict';
import { AppError } from '../../protocol/errors.ts';
import { createPreparation } from './preparation.ts';

const never = new AbortController().signal;

/** A preparation whose tries end when the test says so, or when they are cut. */
function make() {
  const tries: PromiseWithResolvers<void>[] = [];
  const preparation = createPreparation((signal) => {
    const mine = Promise.withResolvers<void>();
    tries.push(mine);
    signal.addEventListener('abort', () => mine.reject(new AppError({ code: 'aborted', message: 'cut' })));
    return mine.promise;
  });
  return { tries, preparation };
}

describe('preparation', () => {
  it('runs once, whoever begins it and however often its end is asked for', async () => {
    const { tries, preparation } = make();
    preparation.begin();
    preparation.begin();
    const ends = [preparation.end(never), preparation.end(never)];
    tries[0]?.resolve();
    await Promise.all(ends);
    await preparation.end(never);
    assert.equal(tries.length, 1);
  });

  it('tells a failure once, also when nobody waited for it yet, and is made again for who asks after that', async () => {
    const { tries, preparation } = make();
    preparation.begin();
    tries[0]?.reject(new AppError({ code: 'checks_failed', message: 'set-up' }));
    await assert.rejects(tries[0]?.promise ?? Promise.resolve());
    preparation.begin();
    await assert.rejects(preparation.end(never), { code: 'checks_failed' });
    assert.equal(tries.length, 1);
    const second = preparation.end(never);
    assert.equal(tries.length, 2);
    tries[1]?.resolve();
    await second;
  });

  it('fails unheard when nobody asks for its end', async () => {
    const { tries, preparation } = make();
    preparation.begin();
    tries[0]?.reject(new Error('nobody listens'));
    await preparation.abandon();
  });

  it('is cut by the signal of who waits, and by being abandoned, which waits until it has ended', async () => {
    const waiting = make();
    const controller = new AbortController();
    const end = waiting.preparation.end(controller.signal);
    controller.abort();
    await assert.rejects(end, { code: 'aborted' });
    const left = make();
    left.preparation.begin();
    await left.preparation.abandon();
    await assert.rejects(left.tries[0]?.promise ?? Promise.resolve(), { code: 'aborted' });
  });
});
