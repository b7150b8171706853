import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRepository } from '../adapters/git/repository.ts';
import { createReader, type Reader } from './reading.ts';

describe('reading what belongs to a run', () => {
  let root: string;
  let workspaceDir: string;
  let reader: Reader;
  let base: string;
  let commit: string;
  const repository = createRepository({ tempDir: () => root });
  const run = () => ({ runId: 'r1', workspaceDir });

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'reading-'));
    workspaceDir = join(root, 'workspace');
    reader = createReader({ repository, runDir: (runId) => join(root, 'runs', runId) });
    base = (await repository.open(workspaceDir, AbortSignal.timeout(10_000))).baseCommit;
    mkdirSync(join(workspaceDir, 'src'));
    writeFileSync(join(workspaceDir, 'src', 'näme.txt'), 'grüße\n');
    writeFileSync(join(workspaceDir, 'picture.bin'), Buffer.from([137, 80, 0, 1]));
    writeFileSync(join(workspaceDir, 'latin.txt'), Buffer.from([0x67, 0xfc, 0x0a]));
    writeFileSync(join(workspaceDir, 'long.txt'), 'x'.repeat(2_000_001));
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: workspaceDir });
    git('add', '-A');
    git('commit', '-q', '-m', 'files');
    commit = git('rev-parse', 'HEAD').toString().trim();
  });
  after(() => rmSync(root, { recursive: true }));

  it('gives the text of a file at a commit, and null where there is none', async () => {
    assert.equal(await reader.readFile(run(), commit, 'src/näme.txt'), 'grüße\n');
    for (const path of ['src', 'gone.txt', '../outside.txt', '/etc/passwd', '.git/config', '']) {
      assert.equal(await reader.readFile(run(), commit, path), null, path);
    }
    assert.equal(await reader.readFile(run(), base, 'src/näme.txt'), null);
  });

  it('refuses what is no text, what is too large, and what is no whole commit id', async () => {
    await assert.rejects(reader.readFile(run(), commit, 'picture.bin'), { code: 'usage', message: /UTF-8/ });
    await assert.rejects(reader.readFile(run(), commit, 'latin.txt'), { code: 'usage', message: /UTF-8/ });
    await assert.rejects(reader.readFile(run(), commit, 'long.txt'), { code: 'usage', message: /2 MB/ });
    for (const bad of ['HEAD', commit.slice(0, 12), '--help', commit.toUpperCase().replace(/^/, 'g')]) {
      await assert.rejects(reader.readFile(run(), bad, 'src/näme.txt'), { code: 'usage' });
      await assert.rejects(reader.changedFiles(run(), base, bad), { code: 'usage' });
    }
  });

  it('lists what differs between two commits', async () => {
    const files = await reader.changedFiles(run(), base, commit);
    assert.deepEqual(
      files.map((file) => file.path),
      ['latin.txt', 'long.txt', 'picture.bin', 'src/näme.txt'],
    );
    assert.ok(files.every((file) => file.status === 'added'));
  });

  it('says that the repository is not there any more', async () => {
    const gone = { runId: 'r1', workspaceDir: join(root, 'gone') };
    await assert.rejects(reader.readFile(gone, commit, 'a'), { code: 'not_found' });
  });

  it('gives the end of an output of the run', async () => {
    const dir = join(root, 'runs', 'r1', 'output', 'api');
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, 'tests.log'), 'all pass\n');
    writeFileSync(join(dir, 'long.log'), `${'ä'.repeat(600_000)}x`);
    assert.equal(await reader.output(run(), join(dir, 'tests.log')), 'all pass\n');
    const tail = await reader.output(run(), join(dir, 'long.log'));
    assert.equal(tail, `${'ä'.repeat(499_999)}x`);
    await assert.rejects(reader.output(run(), join(dir, 'gone.log')), { code: 'not_found' });
    await assert.rejects(reader.output(run(), dir), { code: 'usage' });
  });

  it('gives no file outside of the run, wherever names and links lead', async () => {
    const dir = join(root, 'runs', 'r1');
    mkdirSync(join(root, 'runs', 'r10'), { recursive: true });
    writeFileSync(join(root, 'runs', 'r10', 'other.log'), 'other');
    writeFileSync(join(root, 'secret'), 'secret');
    symlinkSync(join(root, 'secret'), join(dir, 'link.log'));
    symlinkSync(join(root, 'runs', 'r10'), join(dir, 'linked'));
    const outside = ['link.log', 'linked/other.log', '../r10/other.log', '../../secret'].map((name) => join(dir, name));
    for (const path of [...outside, '../../secret', '/etc/passwd', dir, '']) {
      await assert.rejects(reader.output(run(), path), { code: 'usage' }, path);
    }
  });
});
