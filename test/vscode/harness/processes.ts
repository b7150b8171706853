import fs from 'node:fs';

/** A variable that marks every process that descends from one of ours, also those that left its process group. */
export const MARK = 'HARNESS_OWNER';

/** Running processes whose mark begins with this. Linux only; the harness runs nowhere else. */
export function markedProcesses(mark: string): number[] {
  const isMarked = (pid: number): boolean => {
    try {
      const environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      return environment.some((entry) => entry.startsWith(`${MARK}=${mark}`));
    } catch {
      // Ended meanwhile, or somebody else's.
      return false;
    }
  };
  return fs
    .readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && isMarked(pid));
}

export function killMarked(mark: string, signal: NodeJS.Signals): void {
  for (const pid of markedProcesses(mark)) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone already.
    }
  }
}
