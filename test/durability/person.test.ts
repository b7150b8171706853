import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, type Script, write } from '../scenarios/rig.ts';
import { commitFiles, gitIn } from './place.ts';
import { snapshot } from './snapshot.ts';

const HOOKS = [
  'applypatch-msg commit-msg post-applypatch post-checkout post-commit post-index-change post-merge post-rewrite',
  'pre-applypatch pre-auto-gc pre-commit pre-merge-commit pre-push pre-rebase prepare-commit-msg reference-transaction',
]
  .join(' ')
  .split(' ');

const plan = aPlan([aSubtask('a', { checks: [{ name: 't', command: 'test -f a/done.txt' }] })]);
const turn: Script['turn'] = (_id, index) => (index === 0 ? [write('a/done.txt', 'x')] : [finish()]);

/** A repository in the middle of somebody's work: all that git can keep is in use. */
function makeDirty(dir: string): void {
  commitFiles(dir, {
    'kept.txt': 'kept\n',
    'staged.txt': 'one\n',
    'edited.txt': 'one\n',
    'gone.txt': 'gone\n',
    '.gitignore': 'ignored/\n*.log\n',
  });
  const git = (...args: string[]) => gitIn(dir, ...args);
  git('config', 'user.name', 'Person');
  git('config', 'user.email', 'person@example.org');
  git('config', 'alias.st', 'status -sb');
  git('config', 'commit.gpgSign', 'true');
  git('config', 'gpg.program', 'false');
  writeFileSync(join(dir, 'kept.txt'), 'stashed\n');
  git('-c', 'commit.gpgSign=false', 'stash', 'push', '-q', '-m', 'for later');
  git('branch', 'theirs');
  git('tag', 'v1');
  git('worktree', 'add', '-q', '../linked', 'theirs');
  writeFileSync(join(dir, '..', 'linked', 'draft.txt'), 'draft\n');
  writeFileSync(join(dir, 'staged.txt'), 'two\n');
  git('add', 'staged.txt');
  writeFileSync(join(dir, 'staged.txt'), 'three\n');
  writeFileSync(join(dir, 'edited.txt'), 'two\n');
  git('rm', '-q', 'gone.txt');
  writeFileSync(join(dir, 'untracked.txt'), 'new\n');
  mkdirSync(join(dir, 'ignored'));
  writeFileSync(join(dir, 'ignored', 'cache.bin'), 'cache\n');
  writeFileSync(join(dir, 'debug.log'), 'log\n');
  for (const hook of HOOKS) {
    writeFileSync(join(dir, '.git', 'hooks', hook), `#!/bin/sh\necho ${hook} >> "${dir}/../hooks-ran"\n`, {
      mode: 0o755,
    });
  }
}

/** Objects, the run's own refs and its worktrees: the only things in `.git` that belong to the program. */
const isOurs = (path: string) =>
  /^\.git\/(objects|refs\/orchestrator)(\/|$)/.test(path) ||
  (/^\.git\/worktrees\//.test(path) && !path.startsWith('.git/worktrees/linked'));

const of = <T extends DomainEvent['type']>(rig: Rig, runId: string, type: T) =>
  rig.eventsOf(runId).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);

describe('what belongs to the person', function () {
  this.timeout(60_000);
  let rig: Rig;
  afterEach(() => rig.close());
  const open = async (prepareWorkspace: (dir: string) => void) => {
    rig = await openRig({ plan, turn }, { prepareWorkspace, forge: createFakeForge() });
    return rig;
  };
  const startAtGate = async (gate: string): Promise<string> => {
    const runId = await rig.start({ autoApprove: false, until: 'review' });
    for (;;) {
      const view = await rig.settled(runId);
      assert.notEqual(view.waiting[0], undefined, JSON.stringify(view.error));
      if (view.waiting[0]?.gate === gate) return runId;
      await rig.app.dispatch({ type: 'approve', runId, gate: null });
    }
  };
  const approve = async (runId: string) => {
    await rig.app.dispatch({ type: 'approve', runId, gate: null });
    return rig.settled(runId);
  };

  it('stays byte for byte as it was until the diff is accepted, whatever state it is in', async () => {
    await open(makeDirty);
    const linkedDir = join(rig.workspaceDir, '..', 'linked');
    const before = [snapshot(rig.workspaceDir, isOurs), snapshot(linkedDir)];
    assert.ok(Object.keys(before[0] ?? {}).includes('.git/index'));
    const runId = await startAtGate('diff');
    assert.deepEqual([snapshot(rig.workspaceDir, isOurs), snapshot(linkedDir)], before);
    assert.equal(of(rig, runId, 'workspace.opened')[0]?.dirtyFiles, 4);
    assert.equal(existsSync(join(rig.workspaceDir, '..', 'hooks-ran')), false, 'a hook of the person was run');

    const view = await approve(runId);
    assert.equal(view.status, 'complete');
    const isOursNow = (path: string) => isOurs(path) || /^\.git\/(logs\/)?refs\/heads\/orchestrator\//.test(path);
    assert.deepEqual([snapshot(rig.workspaceDir, isOursNow), snapshot(linkedDir)], before);
    assert.match(
      of(rig, runId, 'changes.landed')[0]?.note ?? '',
      /changes that are not committed, so it was left as it is/,
    );
  });

  it('goes on when it gets a new commit under the run; the work lands beside it, and says so', async () => {
    await open((dir) => commitFiles(dir, { 'mine.txt': 'one\n' }));
    const runId = await startAtGate('plan');
    commitFiles(rig.workspaceDir, { 'mine.txt': 'two\n' });
    const head = rig.git('rev-parse', 'main').trim();
    await approve(runId);
    const view = await approve(runId);
    assert.equal(view.status, 'complete');
    const [landed] = of(rig, runId, 'changes.landed');
    assert.equal(landed?.checkedOut, false);
    assert.match(landed?.note ?? '', /has moved on since the run began \(main\), so it was left as it is/);
    assert.equal(rig.git('rev-parse', 'main').trim(), head);
    assert.equal(rig.git('symbolic-ref', 'HEAD').trim(), 'refs/heads/main');
    assert.equal(rig.git('status', '--porcelain'), '');
    assert.equal(rig.git('merge-base', 'main', landed?.branch ?? '').trim(), rig.git('rev-parse', 'main~1').trim());
  });

  for (const gate of ['plan', 'diff']) {
    it(`may be moved away: the run waits with words at the ${gate} and goes on when it is back`, async () => {
      await open((dir) => commitFiles(dir, { 'mine.txt': 'one\n' }));
      const runId = await startAtGate(gate);
      const away = `${rig.workspaceDir}-away`;
      renameSync(rig.workspaceDir, away);
      const waiting = await approve(runId);
      assert.equal(waiting.status, 'waiting', JSON.stringify(waiting.error));
      assert.equal(waiting.waiting[0]?.gate, 'resume');
      assert.match(waiting.waiting[0]?.message ?? '', /workspace does not exist any more/);
      assert.equal(existsSync(rig.workspaceDir), false, 'something was made in its place');
      renameSync(away, rig.workspaceDir);
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      let view = await rig.settled(runId);
      if (view.status === 'waiting') view = await approve(runId);
      assert.equal(view.status, 'complete', JSON.stringify(view.error ?? view.waiting));
      assert.equal(rig.git('show', 'orchestrator/sample:a/done.txt'), 'x');
    });
  }

  it('may be moved away while an agent works: the run waits with words and goes on when it is back', async () => {
    const moveAway = () => renameSync(rig.workspaceDir, `${rig.workspaceDir}-away`);
    rig = await openRig(
      {
        plan,
        turn: (id, index, request) => {
          if (index === 1 && !existsSync(`${rig.workspaceDir}-away`) && !existsSync(`${rig.stateDir}/moved`)) {
            appendFileSync(`${rig.stateDir}/moved`, '');
            moveAway();
          }
          return turn(id, index, request);
        },
      },
      { prepareWorkspace: (dir) => commitFiles(dir, { 'mine.txt': 'one\n' }), forge: createFakeForge() },
    );
    const runId = await rig.start({ until: 'review' });
    const waiting = await rig.settled(runId);
    assert.equal(waiting.status, 'waiting', JSON.stringify(waiting.error));
    assert.match(waiting.waiting[0]?.message ?? '', /workspace.*Put it back, then resume the run/);
    renameSync(`${rig.workspaceDir}-away`, rig.workspaceDir);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete', JSON.stringify(view.error ?? view.waiting));
    assert.equal(rig.agent.requests.length, 2, 'an answer that was paid for was asked again');
    assert.equal(rig.git('show', 'orchestrator/sample:a/done.txt'), 'x');
  });
});
