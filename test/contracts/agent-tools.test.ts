import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgentTools } from '../../src/adapters/agents/tools.ts';
import { createCommandRunner } from '../../src/adapters/checks/command-runner.ts';
import type { ToolSession, ToolSessionOptions } from '../../src/core/ports.ts';

const never = new AbortController().signal;
const tools = createAgentTools(createCommandRunner({ sandbox: 'off', log: { info() {}, warn() {} }, tempDir: tmpdir }));

describe('agent tools', () => {
  let base: string;
  let worktreeDir: string;
  let outputDir: string;
  let session: ToolSession;
  let calls = 0;

  const open = (more: Partial<ToolSessionOptions> = {}) =>
    tools.open({ worktreeDir, env: {}, refuseCommand: () => null, network: false, outputDir, ...more });
  const use = (name: string, input: unknown) => {
    calls += 1;
    return session.run({ id: `call_${calls}`, name, input }, never);
  };
  const file = (path: string) => readFile(join(worktreeDir, path), 'utf8');

  beforeEach(async () => {
    base = await realpath(await mkdtemp(join(tmpdir(), 'tools-test-')));
    worktreeDir = join(base, 'tree');
    outputDir = join(base, 'output');
    await mkdir(join(worktreeDir, 'src'), { recursive: true });
    await writeFile(join(worktreeDir, '.git'), 'gitdir: elsewhere\n');
    await writeFile(join(worktreeDir, 'src/a.js'), 'one\ntwo\nthree\n');
    await writeFile(join(worktreeDir, 'AGENTS.md'), 'Rules.\n');
    await writeFile(join(base, 'outside.txt'), 'outside\n');
    session = await open();
  });
  afterEach(async () => {
    await session.close();
    await rm(base, { recursive: true, force: true });
  });

  it('offers six tools with strict schemas, always in the same order', () => {
    assert.deepEqual(
      tools.specs.map(({ name }) => name),
      ['read', 'write', 'edit', 'glob', 'grep', 'run'],
    );
    for (const { inputSchema } of tools.specs) {
      assert.equal(inputSchema.type, 'object');
      assert.equal(inputSchema.additionalProperties, false);
    }
    const [read] = tools.specs;
    assert.deepEqual(read?.inputSchema.required, ['file_path']);
  });

  it('reads whole files and lines', async () => {
    assert.equal((await use('read', { file_path: 'src/a.js' })).text, 'one\ntwo\nthree\n');
    const part = await use('read', { file_path: 'src/a.js', view_range: [2, 2] });
    assert.deepEqual(part, { text: 'two', isError: false, changed: false, summary: 'read src/a.js' });
    assert.equal(
      (await use('read', { file_path: join(worktreeDir, 'src/a.js'), view_range: [3, -1] })).text,
      'three\n',
    );
  });

  it('writes and edits files, and says that something changed', async () => {
    const written = await use('write', { file_path: 'new/deep/b.js', content: 'x' });
    assert.deepEqual([written.changed, written.isError, written.summary], [true, false, 'wrote new/deep/b.js']);
    assert.equal(await file('new/deep/b.js'), 'x');
    const edited = await use('edit', { file_path: 'src/a.js', old_string: 'two', new_string: '$& 2' });
    assert.deepEqual([edited.changed, edited.summary], [true, 'edited src/a.js']);
    assert.equal(await file('src/a.js'), 'one\n$& 2\nthree\n');
  });

  it('tells the model why an edit failed and changes nothing', async () => {
    const missing = await use('edit', { file_path: 'src/a.js', old_string: 'four', new_string: 'x' });
    assert.deepEqual([missing.isError, missing.changed], [true, false]);
    assert.match(missing.text, /not found/);
    const twice = await use('edit', { file_path: 'src/a.js', old_string: 'e', new_string: 'x' });
    assert.match(twice.text, /3 times/);
    assert.equal(await file('src/a.js'), 'one\ntwo\nthree\n');
  });

  it('keeps the permissions of a file that it replaces, and gives a new one those of any other program', async () => {
    await chmod(join(worktreeDir, 'src/a.js'), 0o755);
    await use('edit', { file_path: 'src/a.js', old_string: 'two', new_string: '2' });
    await use('write', { file_path: 'src/b.js', content: 'x' });
    const mode = async (path: string) => (await stat(join(worktreeDir, path))).mode & 0o777;
    const { umask } = process;
    assert.equal(await mode('src/a.js'), 0o755);
    assert.equal(await mode('src/b.js'), 0o666 & ~umask());
    assert.deepEqual((await readdir(join(worktreeDir, 'src'))).sort(), ['a.js', 'b.js']);
  });

  it("says why a file cannot be written, without the host's own path, and leaves nothing behind", async () => {
    for (const [path, reason] of [
      ['src', /src: is a directory/],
      ['.', /is a directory/],
      ['src/a.js/b.js', /src\/a\.js\/b\.js: not a directory/],
      [`src/${'n'.repeat(300)}`, /file name too long/],
      ['src/nul\0byte', /ERR_INVALID_ARG_VALUE/],
    ] as const) {
      const outcome = await use('write', { file_path: path, content: 'x' });
      assert.deepEqual([outcome.isError, outcome.changed], [true, false], path);
      assert.match(outcome.text, reason);
      assert.ok(!outcome.text.includes(base), outcome.text);
    }
    assert.deepEqual(await readdir(join(worktreeDir, 'src')), ['a.js']);
    assert.match((await use('edit', { file_path: 'absent', old_string: 'a', new_string: 'b' })).text, /no such file/);
    assert.match((await use('edit', { file_path: 'src', old_string: 'a', new_string: 'b' })).text, /regular file/);
    await writeFile(join(worktreeDir, 'large.txt'), 'a'.repeat(300_000));
    assert.match((await use('edit', { file_path: 'large.txt', old_string: 'a', new_string: 'b' })).text, /more than/);
  });

  it('follows no link that leads nowhere yet', async () => {
    await symlink(join(base, 'made-later'), join(worktreeDir, 'dangling'));
    const through = await use('write', { file_path: 'dangling/file.txt', content: 'x' });
    assert.deepEqual([through.isError, through.changed], [true, false]);
    const over = await use('write', { file_path: 'dangling', content: 'mine' });
    assert.equal(over.isError, false);
    assert.equal(await file('dangling'), 'mine');
    assert.deepEqual(
      (await readdir(base)).sort(),
      ['outside.txt', 'output', 'tree'].filter((name) => existsSync(join(base, name))),
    );
  });

  it('lists and searches by paths relative to the project', async () => {
    await mkdir(join(worktreeDir, 'node_modules'));
    await writeFile(join(worktreeDir, 'node_modules/x.js'), 'two');
    assert.equal((await use('glob', { pattern: '**/*.js' })).text, 'src/a.js');
    assert.equal((await use('grep', { pattern: 't[wx]o' })).text.trim(), 'src/a.js:2:two');
    assert.equal((await use('grep', { pattern: 'two', path: 'src' })).text.trim(), 'src/a.js:2:two');
    assert.equal((await use('grep', { pattern: 'absent' })).text, 'no matches');
    assert.ok((await use('grep', { pattern: '(' })).isError);
  });

  for (const path of ['../outside.txt', '/etc/passwd', 'src/../../outside.txt', 'link.txt', 'linked/outside.txt']) {
    it(`refuses ${path}, which leads outside`, async () => {
      await symlink(join(base, 'outside.txt'), join(worktreeDir, 'link.txt'));
      await symlink(base, join(worktreeDir, 'linked'));
      for (const [name, input] of [
        ['read', {}],
        ['write', { content: 'x' }],
        ['edit', { old_string: 'outside', new_string: 'x' }],
      ] as const) {
        const outcome = await use(name, { file_path: path, ...input });
        assert.deepEqual([outcome.isError, outcome.changed], [true, false]);
        assert.match(outcome.text, /outside/);
      }
      assert.ok((await use('grep', { pattern: 'x', path })).isError);
      assert.equal(await readFile(join(base, 'outside.txt'), 'utf8'), 'outside\n');
    });
  }

  for (const path of [
    ...['.git', '.git/config', 'sub/.git/hooks/pre-commit', '.GIT', 'alias'],
    // Names that are .git on Windows or macOS.
    ...['.git ', '.git./config', 'git~1/config', '.git::$INDEX_ALLOCATION/x', '.g\u200cit/config'],
  ]) {
    it(`refuses ${path}, which belongs to git, for reading and writing`, async () => {
      await symlink(join(worktreeDir, '.git'), join(worktreeDir, 'alias'));
      for (const [name, input] of [
        ['read', {}],
        ['write', { content: 'x' }],
      ] as const) {
        const outcome = await use(name, { file_path: path, ...input });
        assert.ok(outcome.isError);
        assert.match(outcome.text, /\.git belongs to the orchestrator/);
      }
      assert.equal(await file('.git'), 'gitdir: elsewhere\n');
      assert.ok((await use('glob', { pattern: '.git/*' })).isError);
    });
  }

  for (const path of [
    ...['AGENTS.md', 'CLAUDE.md', 'sub/claude.md', '.claude/settings.json', '.cursor/rules/a.mdc', '.cursorrules'],
    ...['.github/copilot-instructions.md', '.mcp.json', '.vscode/settings.json', 'orchestrator.config.json', 'rules'],
  ]) {
    it(`lets ${path} be read but not written, since it configures agents`, async () => {
      await symlink(join(worktreeDir, 'AGENTS.md'), join(worktreeDir, 'rules'));
      const outcome = await use('write', { file_path: path, content: 'Obey me.' });
      assert.deepEqual([outcome.isError, outcome.changed], [true, false]);
      assert.match(outcome.text, /changed by people only/);
      assert.equal((await use('read', { file_path: 'AGENTS.md' })).text, 'Rules.\n');
    });
  }

  it('names the field that is wrong, and the tools when there is no such one', async () => {
    const wrong = await use('write', { path: 'a', content: 3 });
    assert.ok(wrong.isError);
    for (const field of ['file_path', 'content', 'path']) assert.ok(wrong.text.includes(field), wrong.text);
    assert.match((await use('read', 'src/a.js')).text, /Wrong arguments for read/);
    assert.match((await use('bash', { command: 'ls' })).text, /no tool "bash".*read, write, edit, glob, grep, run/);
  });

  it('shortens long texts for the model and keeps them whole in a file', async () => {
    const lines = Array.from({ length: 9_000 }, (_, index) => `line ${index}`).join('\n');
    await writeFile(join(worktreeDir, 'long.txt'), lines);
    const { text } = await use('read', { file_path: 'long.txt' });
    assert.ok(text.length <= 30_000);
    assert.ok(text.startsWith('line 0\n') && text.endsWith('line 8999'));
    assert.match(text, /characters left out/);
    const [name] = await readdir(outputDir);
    assert.equal(await readFile(join(outputDir, name ?? ''), 'utf8'), lines);
  });

  it('runs commands in the project and reports how they ended', async () => {
    const good = await use('run', { command: 'cat src/a.js; pwd; echo "$EXTRA"' });
    assert.deepEqual([good.isError, good.changed], [false, true]);
    assert.match(good.text, /^exit code 0\none\ntwo/);
    const bad = await use('run', { command: 'echo broken; exit 4' });
    assert.deepEqual(
      [bad.isError, bad.text, bad.summary],
      [true, 'exit code 4\nbroken\n', 'ran echo broken; exit 4: exit code 4'],
    );
  });

  it('asks the policy before it runs a command', async () => {
    const strict = await open({ refuseCommand: (command) => (command.includes('touch') ? 'touch is refused' : null) });
    const outcome = await strict.run({ id: 'c', name: 'run', input: { command: 'touch made' } }, never);
    assert.deepEqual([outcome.isError, outcome.changed, outcome.text], [true, false, 'touch is refused']);
    assert.ok(!existsSync(join(worktreeDir, 'made')));
    await strict.close();
  });

  it('ends a running command when cancelled or closed', async () => {
    const controller = new AbortController();
    const run = (signal: AbortSignal, mark: string) =>
      session.run({ id: mark, name: 'run', input: { command: `touch ${mark}; sleep 30` } }, signal);
    const started = async (mark: string) => {
      while (!existsSync(join(worktreeDir, mark))) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const cancelled = assert.rejects(run(controller.signal, 'first'), { code: 'aborted' });
    await started('first');
    controller.abort();
    await cancelled;
    const closed = assert.rejects(run(never, 'second'), { code: 'aborted' });
    await started('second');
    await session.close();
    await closed;
  });
});
