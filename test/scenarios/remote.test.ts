import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, write } from './rig.ts';

const plan = aPlan([aSubtask('a', { checks: [{ name: 't', command: 'test -f a/done.txt' }] })]);
const turn = (_id: string, index: number) => (index === 0 ? [write('a/done.txt', 'x')] : [finish()]);
const never = new AbortController().signal;

function gitIn(dir: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir, encoding: 'utf8' });
}

/** A repository on the forge that holds somebody's commit. */
async function occupy(rig: Rig, name: string, branches: string[] = []): Promise<{ cloneUrl: string; dir: string }> {
  const { forge, repository } = rig.services;
  const made = await forge.ensureRepository({ owner: null, name, private: true, description: '' }, never);
  const dir = join(rig.stateDir, `other-${name}`);
  mkdirSync(dir, { recursive: true });
  gitIn(dir, 'init', '-q', '-b', 'main');
  writeFileSync(join(dir, 'theirs.txt'), 'theirs\n');
  gitIn(dir, 'add', '-A');
  gitIn(dir, 'commit', '-q', '-m', 'theirs');
  const commit = gitIn(dir, 'rev-parse', 'HEAD').trim();
  gitIn(dir, 'commit', '-q', '--allow-empty', '-m', 'more of theirs');
  const ahead = gitIn(dir, 'rev-parse', 'HEAD').trim();
  const refs = [{ commit, branch: 'main' }, ...branches.map((branch) => ({ commit: ahead, branch }))];
  await repository.push(dir, made.cloneUrl, refs, forge.gitAuthorization(), never);
  gitIn(dir, 'reset', '-q', '--hard', commit);
  return { cloneUrl: made.cloneUrl, dir };
}

describe('where the work is pushed', function () {
  this.timeout(60_000);
  let rig: Rig;
  afterEach(() => rig.close());

  it('never is a repository with another history: a new project takes the next name', async () => {
    rig = await openRig({ plan, turn });
    await occupy(rig, 'sample');
    const view = await rig.settled(await rig.start({ until: 'commit' }));
    assert.deepEqual([view.status, view.waiting], ['complete', []]);
    assert.match(view.pullRequest?.url ?? '', /\/sample-2\/pull\/1$/);
  });

  it('is refused when it was chosen by name and has another history; the run waits with its work kept', async () => {
    const prepareWorkspace = (dir: string) => {
      mkdirSync(dir, { recursive: true });
      gitIn(dir, 'init', '-q', '-b', 'main');
      writeFileSync(join(dir, 'orchestrator.config.json'), JSON.stringify({ remote: { repository: 'chosen' } }));
      gitIn(dir, 'add', '-A');
      gitIn(dir, 'commit', '-q', '-m', 'mine');
    };
    rig = await openRig({ plan, turn }, { prepareWorkspace });
    await occupy(rig, 'chosen');
    const view = await rig.settled(await rig.start({ until: 'commit' }));
    assert.equal(view.waiting[0]?.gate, 'resume');
    assert.match(view.waiting[0]?.message ?? '', /chosen has no history in common/);
    assert.equal(view.branch, 'orchestrator/sample');

    // The name is mended in the configuration; the resumed run uses it for what is still to do.
    writeFileSync(
      join(rig.workspaceDir, 'orchestrator.config.json'),
      JSON.stringify({ remote: { repository: 'free' } }),
    );
    await rig.restart();
    await rig.app.dispatch({ type: 'resume', runId: view.runId, budgetUsd: null });
    const mended = await rig.settled(view.runId);
    assert.deepEqual([mended.status, mended.waiting], ['complete', []]);
    assert.match(mended.pullRequest?.url ?? '', /\/free\/pull\/1$/);
  });

  it('is the origin of the workspace, on a branch of its own when the name is taken there', async () => {
    rig = await openRig({ plan, turn });
    const theirs = await occupy(rig, 'house', ['orchestrator/sample']);
    execFileSync('git', ['clone', '-q', theirs.dir, rig.workspaceDir]);
    rig.git('remote', 'set-url', 'origin', theirs.cloneUrl);
    const runId = await rig.start({ until: 'commit' });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.waiting], ['complete', []]);
    assert.match(view.pullRequest?.url ?? '', /\/house\/pull\/1$/);
    assert.equal(view.pullRequest?.headBranch, `orchestrator/sample-${runId.slice(-6)}`);
  });
});
