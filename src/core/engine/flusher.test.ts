import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFlusher } from './flusher.ts';

/** A disk whose flushes end when the test says so. */
function slowDisk() {
  const waiting: ((error: Error | null) => void)[] = [];
  return {
    sync: (_descriptor: number, done: (error: Error | null) => void) => void waiting.push(done),
    get pending() {
      return waiting.length;
    },
    end(error: Error | null = null) {
      const done = waiting.shift();
      assert.ok(done, 'no flush is under way');
      done(error);
    },
  };
}

const state = async (promise: Promise<void>): Promise<string> =>
  Promise.race([
    promise.then(
      () => 'done',
      (error: Error) => error.message,
    ),
    // Everything that is already decided comes first.
    new Promise<string>((resolve) => setImmediate(resolve, 'waits')),
  ]);

describe('flusher', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'flusher-'));
    file = join(dir, 'log');
    writeFileSync(file, 'x');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('flushes what was noted, and nothing when nothing is new', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    await flusher.flush();
    flusher.note();
    const first = flusher.flush();
    assert.equal(disk.pending, 1);
    assert.equal(await state(first), 'waits');
    const same = flusher.flush();
    disk.end();
    assert.deepEqual([await state(first), await state(same)], ['done', 'done']);
    await flusher.flush();
    assert.equal(disk.pending, 0);
    flusher.close();
  });

  it('never counts a flush that began before the note: all who came meanwhile share the next one', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    flusher.note();
    const first = flusher.flush();
    flusher.note();
    const later = [flusher.flush(), flusher.flush()];
    assert.equal(disk.pending, 1);
    disk.end();
    assert.equal(await state(first), 'done');
    assert.deepEqual(await Promise.all(later.map(state)), ['waits', 'waits']);
    assert.equal(disk.pending, 1);
    disk.end();
    assert.deepEqual(await Promise.all(later.map(state)), ['done', 'done']);
    flusher.close();
  });

  it('tells a failure to those who asked for that flush, and tries again for the next', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    flusher.note();
    const first = flusher.flush();
    flusher.note();
    const second = flusher.flush();
    disk.end(new Error('EIO'));
    assert.equal(await state(first), 'EIO');
    disk.end();
    assert.equal(await state(second), 'done');
    flusher.note();
    const third = flusher.flush();
    disk.end(new Error('EIO'));
    assert.equal(await state(third), 'EIO');
    // What that flush did not bring to the disk is still to be brought there.
    const fourth = flusher.flush();
    disk.end();
    assert.equal(await state(fourth), 'done');
    flusher.close();
  });

  it('lets a flush end that is under way when it is closed, and begins no other', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    flusher.note();
    const first = flusher.flush();
    flusher.note();
    const second = flusher.flush();
    flusher.close();
    flusher.close();
    disk.end();
    assert.equal(await state(first), 'done');
    assert.match(await state(second), /closed before it was flushed/);
    assert.equal(disk.pending, 0);
  });

  it('lets what has time go along with the next flush, or flushes it by itself', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    flusher.note();
    const soon = flusher.flushSoon();
    const same = flusher.flushSoon();
    assert.equal(disk.pending, 0);
    const hurried = flusher.flush();
    assert.equal(disk.pending, 1);
    disk.end();
    await Promise.all([hurried, soon, same]);
    assert.equal(disk.pending, 0);
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const alone = createFlusher(file, (descriptor, done) => {
      disk.sync(descriptor, done);
      resolve();
    });
    alone.note();
    const later = alone.flushSoon();
    await begun;
    disk.end(new Error('EIO'));
    assert.equal(await state(later), 'EIO');
    flusher.close();
    alone.close();
  });

  it('says that what had time was not flushed when it is closed before', async () => {
    const disk = slowDisk();
    const flusher = createFlusher(file, disk.sync);
    flusher.note();
    const soon = flusher.flushSoon();
    flusher.close();
    assert.match(await state(soon), /closed before it was flushed/);
    assert.equal(disk.pending, 0);
  });

  it('flushes a real file, and says when there is none', async () => {
    const flusher = createFlusher(file);
    flusher.note();
    await flusher.flush();
    flusher.close();
    const missing = createFlusher(join(dir, 'missing'));
    missing.note();
    await assert.rejects(missing.flush(), { code: 'ENOENT' });
    missing.close();
  });
});
