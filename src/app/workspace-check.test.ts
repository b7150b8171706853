import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkWorkspace } from './workspace-check.ts';

describe('a workspace, before a run is made', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'workspace-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=U', '-c', 'user.email=u@x', ...args], { cwd: dir });

  it('may be missing, empty, or a repository with a commit', async () => {
    await checkWorkspace(join(dir, 'missing'));
    await checkWorkspace(dir);
    git('init', '-q');
    await checkWorkspace(dir);
    writeFileSync(join(dir, 'a.txt'), 'a');
    git('add', '-A');
    git('commit', '-q', '-m', 'a');
    await checkWorkspace(dir);
  });

  it('is refused with the reason and what to do', async () => {
    const file = join(dir, 'file');
    writeFileSync(file, '');
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'));
    const refused = (path: string, words: RegExp) =>
      assert.rejects(checkWorkspace(path), { code: 'usage', userMessage: words });
    await refused(file, /is not a folder/);
    await refused(join(file, 'x'), /cannot be used \(ENOTDIR\)/);
    await refused(join(dir, 'link'), /leads nowhere/);
    await refused(dir, /holds files but is no git repository.*git init/);
    git('init', '-q');
    await refused(dir, /has no commit yet/);
    mkdirSync(join(dir, 'sub'));
    writeFileSync(join(dir, 'sub', 'b'), '');
    await refused(join(dir, 'sub'), /has no commit yet/);
  });
});
