import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, closeSync, existsSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  endWorkers,
  makePlace,
  type Outside,
  openOutside,
  type Place,
  type Said,
  sampleBrief,
  startWorker,
} from './place.ts';
import { fillDisk, mountSmallDisk, unmount } from './small-disk.ts';

describe('storage that fails under a run', function () {
  this.timeout(120_000);
  let outside: Outside;
  let place: Place;
  let mounted: string | null = null;
  before(async () => {
    outside = await openOutside();
  });
  after(() => outside.close());
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(async () => {
    await endWorkers();
    if (mounted !== null) unmount(mounted);
    mounted = null;
    place.remove();
  });

  const order = { brief: sampleBrief(1), autoApprove: false, until: 'review' } as const;
  const toPlanGate = async () => {
    const { lines, stderr } = await startWorker(place, outside, order).ended;
    const last = lines.at(-1);
    assert.ok(last?.type === 'settled' && last.view.waiting[0]?.gate === 'plan', `${JSON.stringify(last)} ${stderr}`);
  };
  const goOn = async () => (await startWorker(place, outside, { ...order, approve: true }).ended).lines.at(-1);
  const refused = (said: Said | undefined, words: RegExp) => {
    assert.equal(said?.type, 'failed', JSON.stringify(said));
    assert.ok(said?.type === 'failed');
    assert.equal(said.code, 'storage_failed');
    assert.match(said.message, words);
  };
  const assertCompletes = async () => {
    const asked = outside.asked.length;
    const said = await goOn();
    assert.ok(said?.type === 'settled', JSON.stringify(said));
    assert.deepEqual([said.view.status, said.view.waiting], ['complete', []]);
    const again = outside.asked.slice(asked).map((entry) => entry.key);
    assert.deepEqual(
      again.filter((key) => key.endsWith('/plan') || key.endsWith('/clarify')),
      [],
    );
  };
  /** A file system of its own for the state folder; the reason when there can be none. */
  const mountState = (sizeBytes: number): string | null => {
    const reason = mountSmallDisk(place.stateDir, sizeBytes);
    if (reason === null) mounted = place.stateDir;
    return reason;
  };
  const remount = (options: string) => execFileSync('mount', ['-o', `remount,${options}`, place.stateDir]);

  it('refuses a read-only state folder with words, and goes on when it is writable again', async function () {
    const isRoot = process.getuid?.() === 0;
    const reason = isRoot ? mountState(64_000_000) : null;
    if (reason !== null || process.platform === 'win32') {
      console.log(`      skipped: ${reason ?? 'permissions of folders do not stop writing on Windows'}`);
      this.skip();
    }
    await toPlanGate();
    const setWritable = (writable: boolean) => {
      if (isRoot) return remount(writable ? 'rw' : 'ro');
      for (const name of readdirSync(place.stateDir)) {
        const path = join(place.stateDir, name);
        if (statSync(path).isFile()) chmodSync(path, writable ? 0o600 : 0o400);
      }
      chmodSync(place.stateDir, writable ? 0o700 : 0o500);
    };
    setWritable(false);
    const said = await goOn();
    setWritable(true);
    assert.ok(said?.type === 'failed', JSON.stringify(said));
    assert.ok(['storage_failed', 'configuration'].includes(said.code));
    assert.match(said.message, /cannot be opened for writing|no folder that can be made and written/);
    await assertCompletes();
  });

  it('says that the disk is full, whenever that happens, and goes on when there is room', async function () {
    const reason = mountState(24_000_000);
    if (reason !== null) {
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    await toPlanGate();
    const filler = fillDisk(place.stateDir);
    refused(await goOn(), /disk that holds .* is full|Check the disk/);
    rmSync(filler);

    const worker = startWorker(place, outside, { ...order, approve: true });
    await worker.said('ready');
    const second = fillDisk(place.stateDir);
    refused((await worker.ended).lines.at(-1), /disk that holds .* is full|Check the disk/);
    rmSync(second);
    await assertCompletes();
  });

  for (const [title, offset] of [
    ['at its head', 0],
    ['in the middle', 8_192],
  ] as const) {
    it(`says that a database damaged ${title} is damaged and what to do; the work stays in the repository`, async () => {
      const { lines } = await startWorker(place, outside, { ...order, autoApprove: true, until: 'build' }).ended;
      const last = lines.at(-1);
      assert.ok(last?.type === 'settled' && last.view.status === 'complete', JSON.stringify(last));
      const refs = place.git('for-each-ref', 'refs/orchestrator');
      assert.match(refs, /integration/);
      const file = join(place.stateDir, 'state.db');
      assert.equal(existsSync(`${file}-wal`), false);
      const fd = openSync(file, 'r+');
      const sizeBytes = offset === 0 ? 4_096 : statSync(file).size - offset;
      writeSync(fd, Buffer.alloc(sizeBytes, 0x5a), 0, sizeBytes, offset);
      closeSync(fd);
      refused(await goOn(), /state\.db is damaged and cannot be read\. Move it away \(keep it for rescue\)/);
      assert.equal(place.git('for-each-ref', 'refs/orchestrator'), refs);
      rmSync(file);
      const { lines: afresh } = await startWorker(place, outside, { ...order, autoApprove: true }).ended;
      const renewed = afresh.at(-1);
      assert.ok(renewed?.type === 'settled' && renewed.view.status === 'complete', JSON.stringify(renewed));
    });
  }
});
