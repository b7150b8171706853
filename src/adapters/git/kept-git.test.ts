import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Git, type GitCommand, gitText } from './git-command.ts';
import { createGit, openGit } from './run-git.ts';

const NOBODY = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@b', GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@b' };

/** Processes that were started by `pid` and still run, by command name. */
function childrenOf(pid: number): { pid: number; name: string }[] {
  const found: { pid: number; name: string }[] = [];
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const text = readFileSync(`/proc/${entry}/stat`, 'latin1');
      const [state, parent] = text.slice(text.lastIndexOf(')') + 2).split(' ');
      const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
      if (Number(parent) === pid && state !== 'Z') found.push({ pid: Number(entry), name });
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await wait(5);
}

describe('git commands of processes that stay', () => {
  let dir: string;
  let scratchDir: string;
  let open: { git: Git; close(): void };
  const direct = createGit();
  const run = (...args: string[]) => execFileSync('git', args, { cwd: dir, env: { ...process.env, ...NOBODY } });

  beforeEach(() => {
    dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'kept-git-')));
    scratchDir = mkdtempSync(path.join(tmpdir(), 'kept-git-'));
    open = openGit(() => scratchDir);
    run('init', '--quiet');
    writeFileSync(path.join(dir, "it's $HOME `x`\n.txt"), 'one\ntwo\n');
    writeFileSync(path.join(dir, 'b.txt'), '1\n');
    run('add', '--all');
    run('commit', '--quiet', '-m', 'first');
    writeFileSync(path.join(dir, 'b.txt'), '1\n2\n');
    run('mv', "it's $HOME `x`\n.txt", 'ü.txt');
    run('commit', '--quiet', '--all', '-m', 'second');
  });
  afterEach(() => {
    open.close();
    for (const left of [dir, scratchDir]) rmSync(left, { recursive: true, force: true });
  });

  it('answer as git does by itself', async () => {
    const [first, second] = [run('rev-parse', 'HEAD~'), run('rev-parse', 'HEAD')].map((id) => id.toString().trim());
    const treeOf = (commit = '') => run('rev-parse', `${commit}^{tree}`).toString().trim();
    const diff = (from: string, to: string) => ['diff-tree', '-r', '-z', '--raw', '--numstat', '-M', from, to, '--'];
    const patch = (from: string, to: string) => ['diff-tree', '-r', '-p', '--no-color', '-M', from, to, '--'];
    writeFileSync(path.join(dir, 'long.txt'), Array.from({ length: 40_000 }, (_, at) => `line ${at}\n`).join(''));
    run('add', '--all');
    const long = run('write-tree').toString().trim();
    const cut = { maxOutputBytes: 100_000, overflow: 'truncate' as const };
    const names = `${first}\0HEAD:b.txt\0HEAD:none\0HEAD^{tree}\0`;
    const commit = run('cat-file', 'commit', 'HEAD').toString().replace('second', 'third');
    const commands: Omit<GitCommand, 'cwd'>[] = [
      { args: ['cat-file', '--batch', '-z'], stdin: names },
      { args: diff(`${first}^{tree}`, `${second}^{tree}`) },
      { args: diff(treeOf(first), treeOf(second)) },
      { args: diff(treeOf(second), treeOf(second)) },
      { args: diff(first ?? '', second ?? '') },
      { args: diff(second ?? '', first ?? '') },
      { args: diff(first ?? '', first ?? '') },
      { args: patch(`${first}^{tree}`, `${second}^{tree}`) },
      { args: patch(treeOf(second), treeOf(first)) },
      { args: patch(first ?? '', second ?? '') },
      { args: patch(second ?? '', second ?? '') },
      { args: patch(`${first}^{tree}`, long) },
      { args: patch(treeOf(first), long), ...cut },
      { args: ['hash-object', '-t', 'commit', '-w', '--stdin'], stdin: commit },
      { args: ['rev-parse', '--sq-quote', "; 'a' $HOME `x`", 'line\nline', '', '*'] },
      { args: ['stripspace'], stdin: 'no line end' },
      { args: ['show', 'HEAD:b.txt'] },
      { args: ['show', 'HEAD:b.txt'], followedBy: ['show', 'HEAD:ü.txt'] },
      { args: ['show', 'HEAD:none'], followedBy: ['show', 'HEAD:b.txt'], okExitCodes: 'any' },
      { args: ['hash-object', '--stdin'], followedBy: ['rev-parse', 'HEAD'], stdin: 'some input' },
      { args: ['config', '--get', 'no.such'], okExitCodes: [0, 1] },
      { args: ['rev-parse', 'no-such-ref'], okExitCodes: 'any' },
    ];
    // Twice and at the same time: what one answer leaves behind would show in the next.
    for (const command of [...commands, ...commands]) {
      const expected = await direct({ ...command, cwd: dir });
      const given = await Promise.all([1, 2, 3].map(() => open.git({ ...command, cwd: dir })));
      for (const result of given) assert.deepEqual(result, expected, command.args.join(' '));
    }
  });

  it('change refs as git does, and say why not', async () => {
    const head = await gitText(open.git, { args: ['rev-parse', 'HEAD'], cwd: dir });
    const update = (lines: string) => open.git({ args: ['update-ref', '--stdin'], cwd: dir, stdin: lines });
    await update(`create refs/x/a ${head}\ncreate refs/x/b ${head}\n`);
    await assert.rejects(update(`create refs/x/c ${head}\ncreate refs/x/a ${head}\n`), /refs\/x\/a/);
    await update(`delete refs/x/b ${head}\n`);
    assert.equal(run('for-each-ref', '--format=%(refname)', 'refs/x').toString(), 'refs/x/a\n');
  });

  it('are kept: the same process serves the next call, and another one after its death', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: only Linux shows the children of a process');
      this.skip();
    }
    const before = new Set(childrenOf(process.pid).map((child) => child.pid));
    const kept = () => childrenOf(process.pid).filter((child) => !before.has(child.pid));
    const work = async () => {
      await open.git({ args: ['cat-file', '--batch', '-z'], cwd: dir, stdin: 'HEAD\0' });
      await open.git({ args: ['write-tree'], cwd: dir });
    };
    await work();
    const first = kept();
    assert.deepEqual(first.map((child) => child.name).sort(), ['git', 'sh']);
    await work();
    assert.deepEqual(kept(), first);
    for (const child of first) process.kill(child.pid, 'SIGKILL');
    await work();
    open.close();
    await until(() => kept().length === 0);
    await work();
    assert.deepEqual(kept(), []);
  });

  it('see a repository that was put in the place of another, and that one is gone', async () => {
    const read = () => open.git({ args: ['cat-file', '--batch', '-z'], cwd: dir, stdin: 'HEAD:b.txt\0' });
    assert.match((await read()).stdout.toString(), / blob 4\n1\n2\n/);
    renameSync(dir, `${dir}-moved`);
    await assert.rejects(read(), /does not exist/);
    mkdirSync(dir);
    run('init', '--quiet');
    assert.match((await read()).stdout.toString(), / missing\n/);
    rmSync(dir, { recursive: true });
    renameSync(`${dir}-moved`, dir);
    assert.match((await read()).stdout.toString(), / blob 4\n1\n2\n/);
  });

  it('end a command at its limits, and go on', async () => {
    const waiting = { args: ['-c', 'alias.wait=!sleep 600', 'wait'], cwd: dir };
    await assert.rejects(open.git({ ...waiting, timeoutMs: 50 }), { code: 'timeout' });
    const controller = new AbortController();
    const call = open.git({ ...waiting, signal: controller.signal });
    controller.abort();
    await assert.rejects(call, { code: 'aborted' });
    const long = { args: ['help', '-a'], cwd: dir, maxOutputBytes: 100 };
    const { stdout, truncated } = await open.git({ ...long, overflow: 'truncate' });
    assert.deepEqual([stdout.length, truncated], [100, true]);
    await assert.rejects(open.git(long), { code: 'git_failed' });
    await assert.rejects(open.git({ args: ['version'], cwd: path.join(dir, 'gone') }), /does not exist/);
    assert.match(await gitText(open.git, { args: ['version'], cwd: dir }), /^git version/);
  });

  it('end when the program that keeps them is killed', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: only Linux shows the children of a process');
      this.skip();
    }
    const module = JSON.stringify(new URL('./run-git.ts', import.meta.url).href);
    const script = `const { openGit } = await import(${module});
      const { git } = openGit(() => ${JSON.stringify(scratchDir)});
      await git({ args: ['cat-file', '--batch', '-z'], cwd: ${JSON.stringify(dir)}, stdin: 'HEAD\\0' });
      await git({ args: ['write-tree'], cwd: ${JSON.stringify(dir)} });
      console.log('ready');
      setInterval(() => {}, 1000);`;
    const host = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(host.stdout, 'data');
    const kept = childrenOf(host.pid ?? 0);
    assert.deepEqual(kept.map((child) => child.name).sort(), ['git', 'sh']);
    host.kill('SIGKILL');
    const isGone = ({ pid }: { pid: number }) => {
      try {
        return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
      } catch {
        return true;
      }
    };
    await until(() => kept.every(isGone));
  });
});
