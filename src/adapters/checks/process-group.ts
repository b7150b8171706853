import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends whole process groups. A child is started as the leader of its own group, so that whatever it starts dies with it.
 * Groups that are still alive when this process exits are killed then.
 */
const live = new Set<number>();

const killAllAtExit = (): void => {
  for (const groupId of live) signalGroup(groupId, 'SIGKILL');
};

export function trackGroup(groupId: number): void {
  if (live.size === 0) process.on('exit', killAllAtExit);
  live.add(groupId);
}

export function untrackGroup(groupId: number): void {
  live.delete(groupId);
  if (live.size === 0) process.off('exit', killAllAtExit);
}

/** False when the group has no process any more. */
function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  if (process.platform === 'win32') return signal !== 0 && killTree(groupId);
  try {
    return process.kill(-groupId, signal);
  } catch {
    return false;
  }
}

function killTree(processId: number): boolean {
  const killer: ChildProcess = spawn('taskkill', ['/pid', String(processId), '/T', '/F'], { stdio: 'ignore' });
  killer.on('error', () => {});
  return true;
}

const POLL_MS = 20;

/** Asks the group to end, and kills it after `graceMs` (0: at once). Resolves when it is gone or was killed. */
export async function endGroup(groupId: number, graceMs: number): Promise<void> {
  if (graceMs > 0 && !signalGroup(groupId, 'SIGTERM')) return;
  for (let waitedMs = 0; waitedMs < graceMs; waitedMs += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    if (!signalGroup(groupId, 0)) return;
  }
  signalGroup(groupId, 'SIGKILL');
}
