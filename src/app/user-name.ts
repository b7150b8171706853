import { execFile } from 'node:child_process';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';

const LIMIT_MS = 2_000;

/** Who works in the folder: the configured name, else the one that git has there, else that of the system's account. */
export function createUserNames(configured: string | null): (workspaceDir: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (workspaceDir) => {
    const name =
      known.get(workspaceDir) ?? (configured === null ? foundName(workspaceDir) : Promise.resolve(configured));
    known.set(workspaceDir, name);
    return name;
  };
}

async function foundName(workspaceDir: string): Promise<string> {
  try {
    const options = { cwd: workspaceDir, timeout: LIMIT_MS };
    const { stdout } = await promisify(execFile)('git', ['config', '--get', 'user.name'], options);
    if (stdout.trim() !== '') return stdout.trim();
  } catch {
    // No git, no such folder any more, or no name: the account has one.
  }
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
