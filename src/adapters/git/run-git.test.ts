import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gitText } from './git-command.ts';
import { environmentConfig, gitEnvironment, withoutLoopbackProxy } from './git-env.ts';
import { redactUrls } from './git-errors.ts';
import { gitVersion, MINIMUM_GIT_VERSION } from './git-version.ts';
import { identityEnvironment, readIdentity } from './identity.ts';
import { createGit } from './run-git.ts';

describe('the git executor', () => {
  const git = createGit();
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'run-git-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('hands arguments and input over as they are, without a shell', async () => {
    const text = await gitText(git, { args: ['stripspace', '--strip-comments'], cwd: dir, stdin: '$(x) "ü"\n# y\n' });
    assert.equal(text, '$(x) "ü"');
    assert.equal(await gitText(git, { args: ['rev-parse', '--sq-quote', '; a b'], cwd: dir }), " '; a b'");
  });

  it('returns the exit codes that are asked for and throws git_failed for others', async () => {
    const args = ['config', '--get', 'no.such'];
    assert.equal((await git({ args, cwd: dir, okExitCodes: [0, 1] })).exitCode, 1);
    await assert.rejects(git({ args, cwd: dir }), { code: 'git_failed', details: { verb: 'config', exitCode: 1 } });
  });

  it('gives configuration when git is missing, and git_failed when the folder is', async () => {
    const missing = createGit('no-such-git-binary');
    await assert.rejects(missing({ args: ['version'], cwd: dir }), { code: 'configuration' });
    await assert.rejects(git({ args: ['version'], cwd: path.join(dir, 'gone') }), { code: 'git_failed' });
    await assert.rejects(git({ args: ['a\0b'], cwd: dir }), { code: 'git_failed', retry: false });
  });

  it('keeps the first bytes or fails when the output is too long', async () => {
    const long = { args: ['help', '-a'], cwd: dir, maxOutputBytes: 100 };
    const { stdout, truncated } = await git({ ...long, overflow: 'truncate' });
    assert.deepEqual([stdout.length, truncated], [100, true]);
    await assert.rejects(git(long), { code: 'git_failed' });
  });

  it('ends a process at its time limit and when it is cancelled', async () => {
    // Waits for an answer that never comes.
    const waiting = { args: ['-c', 'alias.wait=!sleep 600', 'wait'], cwd: dir, network: true };
    await assert.rejects(git({ ...waiting, timeoutMs: 50 }), { code: 'timeout' });
    const controller = new AbortController();
    const call = git({ ...waiting, signal: controller.signal });
    controller.abort();
    await assert.rejects(call, { code: 'aborted' });
    await assert.rejects(git({ ...waiting, signal: AbortSignal.abort() }), { code: 'aborted' });
  });

  it('survives a process that does not read its input', async () => {
    await git({ args: ['version'], cwd: dir, stdin: 'x'.repeat(1_000_000) });
  });

  it('knows its version', async () => {
    const [major = 0, minor = 0] = (await gitVersion()).split('.').map(Number);
    const [needMajor = 0, needMinor = 0] = MINIMUM_GIT_VERSION.split('.').map(Number);
    assert.ok(major > needMajor || (major === needMajor && minor >= needMinor));
    await assert.rejects(gitVersion('no-such-git-binary'), { code: 'configuration' });
  });

  it('takes the configured identity only when it is whole, and cleans it', async () => {
    const kept = { name: process.env.GIT_AUTHOR_NAME, email: process.env.GIT_AUTHOR_EMAIL };
    await git({ args: ['init', '-q'], cwd: dir });
    await git({ args: ['config', 'user.name', 'A <x> B'], cwd: dir });
    await git({ args: ['config', 'user.email', ''], cwd: dir });
    delete process.env.GIT_AUTHOR_NAME;
    delete process.env.GIT_AUTHOR_EMAIL;
    try {
      const fallback = { name: 'AI Development Orchestrator', email: 'orchestrator@localhost' };
      assert.deepEqual(await readIdentity(git, dir), fallback);
      await git({ args: ['config', 'user.email', 'a@b.test'], cwd: dir });
      assert.deepEqual(await readIdentity(git, dir), { name: 'A x B', email: 'a@b.test' });
    } finally {
      if (kept.name !== undefined) process.env.GIT_AUTHOR_NAME = kept.name;
      if (kept.email !== undefined) process.env.GIT_AUTHOR_EMAIL = kept.email;
    }
    assert.equal(identityEnvironment({ name: 'n', email: 'e' }, 5).GIT_AUTHOR_DATE, '@5 +0000');
  });
});

describe('the environment of git', () => {
  it('drops what redirects or reveals and keeps network, certificates and configuration', () => {
    const env = gitEnvironment(
      {
        PATH: '/bin',
        https_proxy: 'http://proxy',
        GIT_DIR: '/x',
        GIT_INDEX_FILE: '/x/index',
        GIT_TRACE_CURL: '1',
        GIT_ASKPASS: '/ask',
        GIT_SSL_CAINFO: '/ca.pem',
        GIT_CONFIG_COUNT: '1',
      },
      { GIT_WORK_TREE: '/own' },
    );
    assert.deepEqual(env, {
      PATH: '/bin',
      https_proxy: 'http://proxy',
      GIT_SSL_CAINFO: '/ca.pem',
      GIT_CONFIG_COUNT: '1',
      GIT_WORK_TREE: '/own',
      LC_ALL: 'C',
      GIT_TERMINAL_PROMPT: '0',
      GIT_OPTIONAL_LOCKS: '0',
      GIT_ASKPASS: '',
      SSH_ASKPASS_REQUIRE: 'never',
    });
  });

  it('adds settings after those that are there', () => {
    assert.deepEqual(environmentConfig({ GIT_CONFIG_COUNT: '2' }, [['a.b', 'c']]), {
      GIT_CONFIG_COUNT: '3',
      GIT_CONFIG_KEY_2: 'a.b',
      GIT_CONFIG_VALUE_2: 'c',
    });
    assert.equal(environmentConfig({ GIT_CONFIG_COUNT: 'x' }, [['a.b', 'c']]).GIT_CONFIG_COUNT, '1');
  });

  it('keeps loopback away from proxies, and passwords out of texts', () => {
    assert.equal(withoutLoopbackProxy({ NO_PROXY: 'intern' }).no_proxy, 'intern,127.0.0.1,localhost,::1');
    assert.equal(redactUrls('fatal: https://u:p@h/x and ssh://git@h/y'), 'fatal: https://***@h/x and ssh://***@h/y');
  });
});
