import { access, constants } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';

/**
 * The folder of the `node` that commands of agents and checks find. Null when the running program is Node itself: its own folder
 * is right then. On a desktop the extension host is the editor's binary; there the first `node` on the PATH is taken, or null.
 */
export async function findNodePath(env: NodeJS.ProcessEnv, execPath: string): Promise<string | null> {
  if (/^node(\.exe)?$/i.test(basename(execPath))) return null;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (const dir of (env.PATH ?? '').split(delimiter)) {
    if (dir === '') continue;
    try {
      await access(join(dir, name), constants.X_OK);
      return dir;
    } catch {
      // The next folder.
    }
  }
  return null;
}
