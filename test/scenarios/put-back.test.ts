import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileContent } from '../../src/protocol/intents.ts';
import type { ChangedFile } from '../../src/protocol/work.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, run, type Script, write } from './rig.ts';

const LINES = Array.from({ length: 60 }, (_, at) => `line ${at + 1}`);
const text = (lines: readonly string[]) => `${lines.join('\n')}\n`;

function prepareWorkspace(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(dir, 'picture.bin'), Buffer.from([0x89, 0x50, 0, 0xff, 0xfe, 13, 10]));
  writeFileSync(join(dir, 'large.txt'), 'a line of many\n'.repeat(150_000));
  writeFileSync(join(dir, 'run.sh'), 'echo run\n');
  writeFileSync(join(dir, 'tool.sh'), 'echo tool\n');
  for (const name of ['run.sh', 'tool.sh']) chmodSync(join(dir, name), 0o755);
  symlinkSync('run.sh', join(dir, 'link'));
  writeFileSync(join(dir, 'old.txt'), text(LINES.map((line) => `old ${line}`)));
  writeFileSync(join(dir, 'both.txt'), text(LINES));
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}

const CHANGES = [
  "printf 'no picture' > picture.bin",
  'echo more >> large.txt',
  'rm run.sh',
  'chmod 644 tool.sh',
  'ln -sf tool.sh link',
  'mv old.txt new.txt',
  'echo more >> new.txt',
];

const PATHS = ['picture.bin', 'large.txt', 'run.sh', 'tool.sh', 'link', 'new.txt', 'old.txt'];

const script: Script = {
  plan: aPlan([aSubtask('a', { ownedPaths: [...PATHS, 'both.txt', 'done.txt'] })]),
  turn: (_id, turn) =>
    turn === 0
      ? [
          run(CHANGES.join(' && ')),
          write('both.txt', text(LINES.with(1, 'FIRST').with(50, 'SECOND'))),
          write('done.txt', 'done\n'),
        ]
      : [finish()],
};

const named = ({ status, path, oldPath }: ChangedFile) => `${status} ${oldPath ? `${oldPath} > ` : ''}${path}`;

describe('a diff of which a person puts back', function () {
  this.timeout(60_000);
  let rig: Rig;
  let runId: string;

  beforeEach(async () => {
    rig = await openRig(script, { prepareWorkspace });
    runId = await rig.start({ autoApprove: false, until: 'review' });
    await rig.settled(runId);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    const view = await rig.settled(runId);
    assert.equal(view.waiting[0]?.gate, 'diff', JSON.stringify(view.waiting));
    assert.deepEqual(view.diff?.files.map(named).sort(), [
      'added done.txt',
      'deleted run.sh',
      'modified both.txt',
      'modified large.txt',
      'modified link',
      'modified picture.bin',
      'modified tool.sh',
      'renamed old.txt > new.txt',
    ]);
  });
  afterEach(() => rig.close());

  const landed = async (files: FileContent[]) => {
    await rig.app.dispatch({ type: 'trim_diff', runId, files, topic: 'diff:0', waitOn: runId });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete', JSON.stringify(view.waiting));
    return view;
  };
  const branch = 'orchestrator/sample';

  it('files that are no text, too large, executable, links or renamed, has them as they were to the byte', async () => {
    const view = await landed(PATHS.map((path) => ({ path, asIn: 'base' })));
    assert.deepEqual(view.diff?.files.map(named).sort(), ['added done.txt', 'modified both.txt']);
    const entries = (at: string) => rig.git('ls-tree', '-r', at, '--', ...PATHS);
    assert.equal(entries(branch), entries('main'));
    assert.match(rig.git('log', '-1', '--format=%b', branch), /^- picture\.bin \(as before\)$/m);
  });

  it('one of two changes of a file, has the other one alone', async () => {
    await landed([{ path: 'both.txt', content: text(LINES.with(50, 'SECOND')) }]);
    assert.deepEqual(rig.git('diff', '-U0', 'main', branch, '--', 'both.txt').split('\n').slice(4), [
      '@@ -51 +51 @@ line 50',
      '-line 51',
      '+SECOND',
      '',
    ]);
  });

  it('refuses another commit than the base, and a path outside of the repository', async () => {
    const files = [{ path: 'run.sh', asIn: 'HEAD' }] as unknown as FileContent[];
    await assert.rejects(rig.app.dispatch({ type: 'trim_diff', runId, files }), { code: 'usage' });
    const outside: FileContent[] = [{ path: '../x', asIn: 'base' }];
    await assert.rejects(rig.app.dispatch({ type: 'trim_diff', runId, files: outside }), { code: 'usage' });
  });
});
