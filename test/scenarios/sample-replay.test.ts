import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Subtask } from '../../src/protocol/plan.ts';
import { loadRecordings, type RecordedCall, type Recording } from '../../src/sandbox/models/recordings.ts';
import { samplesDir } from '../../src/sandbox/models/samples.ts';

const execute = promisify(execFile);

/** The environment of a person's terminal, without what the test runner adds for its own children. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  delete env.NODE_OPTIONS;
  env.PATH = [dirname(process.execPath), env.PATH ?? ''].join(delimiter);
  for (const role of ['AUTHOR', 'COMMITTER']) {
    env[`GIT_${role}_NAME`] = 'Test';
    env[`GIT_${role}_EMAIL`] = 'test@example.com';
  }
  return { ...env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', CI: '1' };
}
const env = plainEnvironment();

async function git(dir: string, ...args: string[]): Promise<string> {
  return (await execute('git', args, { cwd: dir, env })).stdout.trim();
}

interface CommandOutcome {
  exitCode: number | null;
  output: string;
}

function runCommand(dir: string, command: string): CommandOutcome {
  const done = spawnSync(command, { cwd: dir, env, shell: true, encoding: 'utf8', timeout: 60_000 });
  return { exitCode: done.status, output: `${done.stdout}${done.stderr}` };
}

function text(call: RecordedCall, name: string): string {
  const value = call.input[name];
  assert.equal(typeof value, 'string', `${call.tool} without ${name}`);
  return String(value);
}

/** Does what the host's tools would do. Returns the outcome of a `run`. */
async function apply(dir: string, call: RecordedCall): Promise<CommandOutcome | null> {
  if (call.tool === 'run') return runCommand(dir, text(call, 'command'));
  if (call.tool === 'read') {
    assert.ok(existsSync(join(dir, text(call, 'file_path'))), `read of missing ${text(call, 'file_path')}`);
  } else if (call.tool === 'write') {
    const path = join(dir, text(call, 'file_path'));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text(call, 'content'));
  } else if (call.tool === 'edit') {
    const path = join(dir, text(call, 'file_path'));
    const parts = (await readFile(path, 'utf8')).split(text(call, 'old_string'));
    assert.equal(parts.length, 2, `edit of ${path} must match once`);
    await writeFile(path, parts.join(text(call, 'new_string')));
  }
  return null;
}

interface Round {
  /** Commands the agent ran, and what came out. */
  runs: CommandOutcome[];
  commit: string;
}

/** Plays one conversation in a worktree, round by round; a round ends with `finish` and is committed. */
async function playConversation(
  dir: string,
  recording: Recording,
  name: string,
  onFinish: (round: number) => Promise<void>,
): Promise<Round[]> {
  const rounds: Round[] = [];
  let runs: CommandOutcome[] = [];
  for (const call of (recording.agents[name] ?? []).flatMap((turn) => turn.calls)) {
    const outcome = await apply(dir, call);
    if (outcome !== null) runs.push(outcome);
    if (call.tool !== 'finish') continue;
    await onFinish(rounds.length + 1);
    await git(dir, 'add', '--all');
    await git(dir, 'commit', '--quiet', '--message', `${name} round ${rounds.length + 1}`);
    rounds.push({ runs, commit: await git(dir, 'rev-parse', 'HEAD') });
    runs = [];
  }
  return rounds;
}

function assertChecksPass(dir: string, checks: Subtask['checks'], label: string): void {
  for (const { command } of checks) {
    const { exitCode, output } = runCommand(dir, command);
    assert.equal(exitCode, 0, `${label}: ${command}\n${output}`);
  }
}

async function makeRepository(dir: string, recording: Recording): Promise<string> {
  await git(dir, 'init', '--quiet', '--initial-branch', 'main', 'repository');
  const repository = join(dir, 'repository');
  await git(repository, 'commit', '--quiet', '--allow-empty', '--message', 'empty');
  for (const { path, content } of recording.lead.plan.sharedInterfaces) {
    await mkdir(dirname(join(repository, path)), { recursive: true });
    await writeFile(join(repository, path), content);
  }
  await git(repository, 'add', '--all');
  await git(repository, 'commit', '--quiet', '--allow-empty', '--message', 'shared interfaces');
  return repository;
}

/** Everything a subtask changed lies in its own paths or in a shared file, and it changed each of its own paths. */
async function assertOwnership(dir: string, recording: Recording, subtask: Subtask, base: string): Promise<void> {
  const changed = (await git(dir, 'diff', '--name-only', base, 'HEAD')).split('\n');
  const shared = new Set(recording.lead.plan.sharedInterfaces.map((s) => s.path));
  for (const path of changed) {
    const owned = subtask.ownedPaths.some((p) => path === p || (p.endsWith('/') && path.startsWith(p)));
    assert.ok(owned || shared.has(path), `${subtask.id} changed ${path}`);
  }
  for (const path of subtask.ownedPaths) {
    assert.ok(
      changed.some((c) => c.startsWith(path)),
      `${subtask.id} never changed ${path}`,
    );
  }
}

interface Build {
  repository: string;
  worktree(commit: string): Promise<string>;
  /** Subtask -> its rounds. */
  rounds: Map<string, Round[]>;
}

async function buildSubtask(build: Build, recording: Recording, subtask: Subtask, start: string): Promise<Round[]> {
  const dir = await build.worktree(start);
  const rounds = await playConversation(dir, recording, subtask.id, async (round) =>
    assertChecksPass(dir, subtask.checks, `${subtask.id} round ${round}`),
  );
  await assertOwnership(dir, recording, subtask, start);
  build.rounds.set(subtask.id, rounds);
  return rounds;
}

interface Integration {
  /** The tree after each subtask. */
  trees: string[];
  conflicts: { subtask: string; paths: string[]; resolved: string }[];
}

/** Merges the subtasks in the given order into one tree, checking it after each, with recorded merges for conflicts. */
async function integrate(build: Build, recording: Recording, order: readonly string[]): Promise<Integration> {
  const dir = await build.worktree(await git(build.repository, 'rev-parse', 'main'));
  const conflicts: Integration['conflicts'] = [];
  const trees: string[] = [];
  for (const id of order) {
    const subtask = recording.lead.plan.subtasks.find((s) => s.id === id);
    assert.ok(subtask);
    const start = await git(dir, 'rev-parse', 'HEAD');
    const rounds = subtask.dependsOn.length === 0 ? build.rounds.get(id) : null;
    const built = rounds ?? (await buildSubtask(build, recording, subtask, start));
    const last = built.at(-1);
    assert.ok(last);
    try {
      await git(dir, 'merge', '--quiet', '--no-ff', '--no-edit', last.commit);
    } catch {
      const paths = (await git(dir, 'diff', '--name-only', '--diff-filter=U')).split('\n');
      const [merge] = await playConversation(dir, recording, `${id}:merge`, async () => {});
      assert.ok(merge, `no recorded merge for ${id}: ${paths.join(', ')}`);
      assert.deepEqual(
        merge.runs.map((r) => r.exitCode),
        merge.runs.map(() => 0),
      );
      conflicts.push({ subtask: id, paths, resolved: await readFile(join(dir, paths[0] ?? ''), 'utf8') });
    }
    assertChecksPass(dir, recording.lead.plan.integrationChecks, `after ${id}`);
    trees.push(await git(dir, 'rev-parse', 'HEAD^{tree}'));
  }
  return { trees, conflicts };
}

/** The list of notes as `site/render.js` of a commit shows a note whose title holds markup. */
async function renderHostileNote(build: Build, commit: string): Promise<string> {
  const dir = await build.worktree(commit);
  const script = `import { renderNotes } from './site/render.js';
    const note = { id: 'a', title: '<img src=x onerror=alert(1)>', body: 'b', author: 'c', createdAt: '2026-01-01T00:00:00Z' };
    process.stdout.write(renderNotes([note], 'en-GB'));`;
  return (await execute(process.execPath, ['--input-type=module', '--eval', script], { cwd: dir, env })).stdout;
}

describe('replaying a sample against real files, git and node --test', function () {
  this.timeout(180_000);
  let recordings: Recording[] = [];
  let dir = '';

  before(async () => {
    recordings = await loadRecordings(samplesDir());
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'replay-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function begin(number: number): Promise<{ recording: Recording; build: Build }> {
    const recording = recordings[number - 1];
    assert.ok(recording);
    const repository = await makeRepository(dir, recording);
    let count = 0;
    const worktree = async (commit: string) => {
      count += 1;
      const path = join(dir, `worktree-${count}`);
      await git(repository, 'worktree', 'add', '--quiet', '--detach', path, commit);
      return path;
    };
    const build = { repository, worktree, rounds: new Map() };
    for (const subtask of recording.lead.plan.subtasks.filter((s) => s.dependsOn.length === 0)) {
      await buildSubtask(build, recording, subtask, 'main');
    }
    return { recording, build };
  }

  it('builds Harbour Cafe with one agent, who finds and corrects a fault by the tests', async () => {
    const { recording, build } = await begin(1);
    const [round] = build.rounds.get('website') ?? [];
    assert.deepEqual(
      round?.runs.map((r) => r.exitCode),
      [1, 0],
    );
    assert.match(round?.runs[0]?.output ?? '', /rust on sand: 4\.30/);
    assert.deepEqual((await integrate(build, recording, ['website'])).conflicts, []);
  });

  it('answers the first comment on Harbour Cafe with a change that passes the checks', async () => {
    const { recording, build } = await begin(1);
    const start = build.rounds.get('website')?.at(-1)?.commit ?? '';
    const tree = await build.worktree(start);
    const [revision] = await playConversation(tree, recording, 'revision-1', async () => {});
    assert.deepEqual(
      revision?.runs.map((r) => r.exitCode),
      [0],
    );
    assertChecksPass(tree, recording.lead.plan.integrationChecks, 'after the revision');
    assert.match(await readFile(join(tree, 'site/index.html'), 'utf8'), /Pay by card or in cash/);
    assert.equal(recording.lead.reviews['revision-1']?.[0]?.verdict, 'approve');
  });

  it('builds Shipping Quote API with two agents after one another', async () => {
    const { recording, build } = await begin(3);
    assert.deepEqual((await integrate(build, recording, ['pricing', 'http-api'])).conflicts, []);
    assert.deepEqual(
      [...build.rounds.values()].flat().flatMap((r) => r.runs.map((run) => run.exitCode)),
      [0, 0],
    );
  });

  it('builds Team Notes in two orders of integration to the same tree, with one conflict that the recording resolves', async () => {
    const { recording, build } = await begin(2);
    const first = await integrate(build, recording, ['note-rules', 'notes-api', 'site', 'operations', 'wire-up']);
    const second = await integrate(build, recording, ['operations', 'site', 'notes-api', 'note-rules']);
    // Equal here, so the last subtask, which waits for all the others, would go on alike.
    assert.equal(first.trees[3], second.trees[3]);
    assert.deepEqual(
      [...first.conflicts, ...second.conflicts].map((c) => [c.subtask, c.paths]),
      [
        ['site', ['contract/routes.js']],
        ['notes-api', ['contract/routes.js']],
      ],
    );
    for (const { resolved } of [...first.conflicts, ...second.conflicts]) {
      const lines = resolved.split('\n');
      for (const id of ['notes-api', 'site']) {
        const commit = build.rounds.get(id)?.at(-1)?.commit ?? '';
        const own = await git(build.repository, 'show', `${commit}:contract/routes.js`);
        for (const line of own.split('\n')) assert.ok(lines.includes(line), `${id}: ${line}`);
      }
    }
  });

  it('has in Team Notes the defect that the first review names, and not after the second round', async () => {
    const { build } = await begin(2);
    const [first, second] = build.rounds.get('site') ?? [];
    assert.ok(first && second);
    assert.match(await renderHostileNote(build, first.commit), /<img src=x/);
    const fixed = await renderHostileNote(build, second.commit);
    assert.doesNotMatch(fixed, /<img/);
    assert.match(fixed, /&lt;img src=x/);

    const old = await build.worktree(first.commit);
    await git(old, 'checkout', '--quiet', second.commit, '--', 'test/site.test.js');
    const { exitCode, output } = runCommand(old, 'node --test test/site.test.js');
    assert.equal(exitCode, 1, 'the new test must fail on the old code');
    assert.match(output, /a note that holds markup is shown as text/);
  });
});
