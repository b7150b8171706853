import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { localCloudDir } from '../../src/app/local-cloud.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { type CloudFile, readCloudFile } from '../../src/sandbox/cloud-file.ts';
import { FOLDERS, finishedCalls } from './finished-calls.ts';
import { eventually, gitIn, processesIn, sampleBrief } from './place.ts';
import { filesIn } from './temporary-files.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE = 2;

/** The program is killed as soon as it says one of these, in this order. */
const MOMENTS: DomainEvent['type'][] = [
  'plan.proposed',
  'subtask.started',
  'subtask.committed',
  'diff.proposed',
  'branch.pushed',
  'pull_request.opened',
  'deployment.started',
];
/** A moment may have passed before the kill at the one before it arrived. */
const LEAST_KILLS = MOMENTS.length - 2;

interface Life {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
  lines: string[];
}

/** The built program with a state folder, a workspace, a cache and temporary files of its own. */
class Installation {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'cli-kill-')));
  readonly stateDir = join(this.root, 'state');
  readonly workspaceDir = join(this.root, 'workspace');
  readonly tempDir = join(this.root, 'tmp');

  constructor() {
    mkdirSync(this.tempDir);
    // A copy: the folder of the repository may be built anew meanwhile.
    for (const part of ['bin', 'dist', 'package.json']) {
      cpSync(join(ROOT, part), join(this.root, part), {
        recursive: true,
        filter: (path) => !path.endsWith('.map') && !path.endsWith('.tmp'),
      });
    }
  }

  /** Runs a command line to its end, or until it says that the event happened. */
  async run(args: string[], killAt: DomainEvent['type'] | null = null): Promise<Life> {
    const { PATH = '', HOME = '' } = process.env;
    const env = {
      PATH,
      HOME,
      TMPDIR: this.tempDir,
      ORCHESTRATOR_HOME: this.stateDir,
      NODE_COMPILE_CACHE: join(this.root, 'cache'),
    };
    const child = spawn(process.execPath, [join(this.root, 'bin/orchestrator.mjs'), ...args], {
      cwd: this.root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line);
      if (killAt !== null && typeOf(line) === killAt) child.kill('SIGKILL');
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { code, signal, stderr, lines };
  }

  async view(): Promise<RunView> {
    const { lines } = await this.run(['show', 'last', '--json']);
    return JSON.parse(lines[0] ?? '') as RunView;
  }

  async events(): Promise<DomainEvent[]> {
    const { lines } = await this.run(['events', 'last']);
    return lines.map((line) => JSON.parse(line).event as DomainEvent);
  }

  async cloud(): Promise<CloudFile> {
    const file = await readCloudFile(localCloudDir(this.stateDir));
    assert.ok(file !== null);
    return file;
  }

  /** What the models were asked so far, oldest first. */
  asked(): string[] {
    const log = readFileSync(join(localCloudDir(this.stateDir), 'cloud.log'), 'utf8');
    return [...log.matchAll(/ model asked (\{.*\})$/gm)].map(([, entry = '{}']) => String(JSON.parse(entry).key));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Null for a line that the death of the program cut short. */
function typeOf(line: string): unknown {
  try {
    return JSON.parse(line).event.type;
  } catch {
    return null;
  }
}

async function ask(url: string, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { headers });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

async function assertOneOfEach(cloud: CloudFile, view: RunView, events: readonly DomainEvent[]): Promise<void> {
  const repository = `${cloud.githubApiUrl}/repos/local-developer/${view.slug}`;
  const authorization = { authorization: `Bearer ${cloud.githubToken}` };
  const pulls = (await ask(`${repository}/pulls?state=all`, authorization)) as { merged_at: string | null }[];
  assert.deepEqual(
    pulls.map((pull) => pull.merged_at !== null),
    [true],
  );
  const commits = (await ask(`${repository}/commits?per_page=100`, authorization)) as { commit: { message: string } }[];
  assert.equal(commits.filter(({ commit }) => /\(#1\)$/m.test(commit.message.split('\n')[0] ?? '')).length, 1);
  assert.equal(events.filter(({ type }) => type === 'pull_request.merged').length, 1);
  const access = { 'x-appwrite-project': cloud.appwriteProjectId, 'x-appwrite-key': cloud.appwriteApiKey };
  const { functions = [], sites = [] } = view.plan?.deployment ?? {};
  const targets = [...functions.map(({ id }) => `functions/${id}`), ...sites.map(({ id }) => `sites/${id}`)];
  assert.ok(targets.length > 1);
  for (const target of targets) {
    const list = (await ask(`${cloud.appwriteEndpoint}/${target}/deployments`, access)) as { total: number };
    assert.equal(list.total, 1, target);
  }
}

describe('the built command line', function () {
  this.timeout(240_000);
  let place: Installation;
  before(async () => {
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/build.mjs'), '--quiet']);
    place = new Installation();
  });
  after(async () => {
    await place.run(['local', 'stop']);
    place.remove();
  });

  it('goes on after every kill, asks no finished question again, and has one of each effect', async () => {
    const start = ['run', sampleBrief(SAMPLE), '--local', '--yes', '--json', '--workspace', place.workspaceDir];
    const resume = ['resume', 'last', '--local', '--yes', '--json'];
    let finished = new Set<string>();
    let heard = 0;
    let kills = 0;
    for (const moment of [...MOMENTS, null]) {
      const hasPassed = kills > 0 && (await place.events()).some(({ type }) => type === moment);
      // Subtasks start and commit over and over.
      if (hasPassed && !moment?.startsWith('subtask.')) continue;
      const life = await place.run(kills === 0 ? start : resume, moment);
      const asked = place.asked();
      const again = asked.slice(heard).filter((key) => finished.has(key));
      assert.deepEqual(again, [], 'asked again although the answer was on record');
      heard = asked.length;
      if (moment === null) assert.deepEqual([life.code, life.signal], [0, null], life.stderr);
      else assert.equal(life.signal, 'SIGKILL', `${moment} never came: ${life.stderr}`);
      // A run that has ended keeps no journal.
      finished = new Set([...finished, ...finishedCalls(place, FOLDERS[SAMPLE] ?? '')]);
      kills += 1;
    }
    assert.ok(kills > LEAST_KILLS, `only ${kills - 1} kills`);
    const unheard = [...finished].filter((key) => !place.asked().includes(key));
    assert.deepEqual([unheard, finished.size > 5], [[], true], `both tell of the same calls: ${[...finished]}`);

    const view = await place.view();
    assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
    await assertOneOfEach(await place.cloud(), view, await place.events());
    assert.equal(gitIn(place.workspaceDir, 'fsck', '--connectivity-only', '--no-dangling'), '');
    assert.equal(gitIn(place.workspaceDir, 'worktree', 'list').trim().split('\n').length, 1);
    assert.equal((await place.run(['local', 'stop'])).code, 0);
    await eventually(
      `no process is left: ${processesIn(place.root)}`,
      () => processesIn(place.root).length === 0,
      5_000,
    );
    assert.deepEqual(filesIn(place.tempDir), []);
  });
});
