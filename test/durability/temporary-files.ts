import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The folder for temporary files of a place's workers, so that what they leave can be seen. */
export function temporaryFiles({ stateDir }: { stateDir: string }): string {
  const dir = `${stateDir}-tmp`;
  mkdirSync(dir, { recursive: true });
  return dir;
}

/** Below a folder, without empty folders: a process killed at the making of one leaves it so. */
export function filesIn(dir: string): string[] {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}
