import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../protocol/errors.ts';
import { cloudFilePath, readCloudFile, writeCloudFile } from '../sandbox/cloud-file.ts';
import { isAlive, takeCloudLock } from '../sandbox/cloud-lock.ts';
import { ensureLocalCloud, localCloudDir, localCloudStatus, stopLocalCloud } from './local-cloud.ts';

async function until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await isTrue())) {
    assert.ok(performance.now() < deadline, `never: ${what}`);
    await delay(20);
  }
}

describe('the local cloud in the background', function () {
  this.timeout(60_000);
  let stateDir: string;
  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'orchestrator-cloud-'));
  });
  afterEach(async () => {
    await stopLocalCloud({ stateDir });
    await rm(stateDir, { recursive: true, force: true });
  });

  it('starts once, answers at its addresses, and stops with all it started', async () => {
    const cloud = await ensureLocalCloud({ stateDir });
    assert.equal((await ensureLocalCloud({ stateDir })).pid, cloud.pid);
    for (const url of [cloud.xaiBaseUrl, cloud.githubApiUrl, cloud.appwriteEndpoint]) {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
      assert.ok(response.status > 0);
      await response.body?.cancel();
      assert.equal(new URL(url).hostname, '127.0.0.1');
    }
    assert.equal((await stat(cloudFilePath(localCloudDir(stateDir)))).mode & 0o777, 0o600);
    assert.equal(await stopLocalCloud({ stateDir }), true);
    assert.equal(isAlive(cloud.pid), false);
    assert.equal(await localCloudStatus({ stateDir }), null);
    assert.equal(await stopLocalCloud({ stateDir }), false);
    await assert.rejects(fetch(cloud.xaiBaseUrl));
  });

  it('keeps addresses and tokens from start to start', async () => {
    const first = await ensureLocalCloud({ stateDir });
    await stopLocalCloud({ stateDir });
    const second = await ensureLocalCloud({ stateDir });
    assert.notEqual(second.pid, first.pid);
    const kept = ({ xaiBaseUrl, githubUrl, githubToken, appwriteEndpoint, appwriteApiKey }: typeof first) => ({
      xaiBaseUrl,
      githubUrl,
      githubToken,
      appwriteEndpoint,
      appwriteApiKey,
    });
    assert.deepEqual(kept(second), kept(first));
  });

  it('is one, however many start it at the same time', async () => {
    const clouds = await Promise.all([1, 2, 3].map(() => ensureLocalCloud({ stateDir })));
    assert.equal(new Set(clouds.map((cloud) => cloud.pid)).size, 1);
  });

  it('ends by itself when nobody asks it anything, and not while somebody does', async () => {
    const cloud = await ensureLocalCloud({ stateDir, idleMs: 800 });
    const busyUntil = performance.now() + 1_600;
    await until('1.6 seconds of requests', async () => {
      const response = await fetch(cloud.anthropicBaseUrl);
      await response.body?.cancel();
      return performance.now() > busyUntil;
    });
    assert.ok(isAlive(cloud.pid));
    await until('the end of the idle cloud', () => !isAlive(cloud.pid));
    const file = await readCloudFile(localCloudDir(stateDir));
    assert.equal(file?.pid, null);
    assert.match(await readFile(join(localCloudDir(stateDir), 'cloud.log'), 'utf8'), /no request for 800 ms/);
  });

  it('is started anew on its data when the one that runs is of another build', async () => {
    const first = await ensureLocalCloud({ stateDir });
    const dataDir = localCloudDir(stateDir);
    const file = await readCloudFile(dataDir);
    assert.ok(file !== null);
    await writeCloudFile(dataDir, { ...file, build: 'an older one' });
    const second = await ensureLocalCloud({ stateDir });
    assert.notEqual(second.pid, first.pid);
    assert.equal(isAlive(first.pid), false);
    assert.equal(second.githubUrl, first.githubUrl);
  });

  it('comes back after it was killed', async () => {
    const first = await ensureLocalCloud({ stateDir });
    process.kill(first.pid, 'SIGKILL');
    await until('the death of the cloud', () => !isAlive(first.pid));
    const second = await ensureLocalCloud({ stateDir });
    assert.notEqual(second.pid, first.pid);
  });

  it('says why it did not start, with the end of its log', async () => {
    await ensureLocalCloud({ stateDir });
    await stopLocalCloud({ stateDir });
    await rm(join(localCloudDir(stateDir), 'appwrite'), { recursive: true, force: true });
    await writeFile(join(localCloudDir(stateDir), 'appwrite'), 'not a folder');
    await assert.rejects(ensureLocalCloud({ stateDir }), (thrown) => {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, 'configuration');
      assert.match(thrown.userMessage, /ended while it started\. The end of its log .*cloud\.log/);
      assert.match(thrown.userMessage, /EEXIST|ENOTDIR/);
      return true;
    });
  });
});

describe('the lock of the local cloud', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'orchestrator-lock-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('has one holder, and is free again when it is released', async () => {
    const taken = await Promise.all([1, 2, 3, 4].map(() => takeCloudLock(dir)));
    const held = taken.filter((lock) => lock !== null);
    assert.equal(held.length, 1);
    await held[0]?.release();
    const again = await takeCloudLock(dir);
    assert.ok(again !== null);
    await again.release();
  });

  it('is taken over from a process that is dead', async () => {
    // Far above the highest process number of any system.
    await writeFile(join(dir, 'cloud.lock'), '999999999 0 x');
    const taken = await Promise.all([1, 2, 3, 4].map(() => takeCloudLock(dir)));
    const held = taken.filter((lock) => lock !== null);
    assert.equal(held.length, 1);
    await held[0]?.release();
  });
});
