import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type TemporaryFolder, temporaryFolder } from './temporary.ts';

/** A throw-away git repository with one commit: a copy of `fixture`, or empty. */
export function makeWorkspace(options: { fixture?: string; name?: string } = {}): TemporaryFolder {
  const parent = temporaryFolder('vsc-ws-');
  const folder = path.join(parent.path, options.name ?? 'workspace');
  fs.mkdirSync(folder);
  if (options.fixture !== undefined) fs.cpSync(options.fixture, folder, { recursive: true });
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '--allow-empty', '-m', 'fixture');
  return { path: folder, remove: parent.remove };
}
