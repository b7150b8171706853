import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brief } from './work.ts';

export interface Place {
  dir: string;
  stateDir: string;
  workspaceDir: string;
  briefFile: string;
  remove(): void;
}

const FILES_PER_FOLDER = 50;

/** A fresh folder with a brief, a state folder and a workspace: empty, or a repository of so many committed files. */
export function makePlace(fileCount: number): Place {
  const dir = mkdtempSync(join(tmpdir(), 'bench-'));
  const workspaceDir = join(dir, 'workspace');
  const briefFile = join(dir, 'brief.json');
  mkdirSync(workspaceDir);
  writeFileSync(briefFile, JSON.stringify(brief));
  if (fileCount > 0) fillRepository(workspaceDir, fileCount);
  return {
    dir,
    workspaceDir,
    briefFile,
    stateDir: join(dir, 'state'),
    remove: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

function fillRepository(dir: string, fileCount: number): void {
  for (let index = 0; index < fileCount; index += 1) {
    const folder = join(dir, 'src', `folder-${Math.floor(index / FILES_PER_FOLDER)}`);
    if (index % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true });
    const lines = Array.from({ length: 20 }, (_, line) => `export const value${line} = ${index * 20 + line};\n`);
    writeFileSync(join(folder, `file-${index}.js`), lines.join(''));
  }
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.invalid', ...args], { cwd: dir });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('-c', 'commit.gpgSign=false', 'commit', '--quiet', '--no-verify', '--message=start');
}
