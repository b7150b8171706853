import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names one process for good: a reused process id has another start. */
interface ProcessIdentity {
  /** Host name, on Linux with the pid namespace, because containers may share a folder but not their process ids. */
  host: string;
  pid: number;
  /** Opaque; empty where the platform has no cheap way to ask (Windows). */
  processStart: string;
}

const readOrEmpty = (read: () => string): string => {
  try {
    return read();
  } catch {
    return '';
  }
};

type Probe = { gone: boolean; start: string };

/** proc(5): state is the third field, start time in clock ticks since boot the 22nd; the second may hold spaces. */
function probeLinux(pid: number): Probe {
  const stat = readOrEmpty(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === '') return { gone: false, start: '' };
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const boot = readOrEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  return { gone: fields[0] === 'Z' || fields[0] === 'X', start: `${boot}:${fields[19] ?? ''}` };
}

function probeMac(pid: number): Probe {
  const ask = () =>
    execFileSync('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 2_000,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
  return { gone: false, start: readOrEmpty(() => ask().trim()) };
}

function probe(pid: number): Probe {
  if (process.platform === 'linux') return probeLinux(pid);
  if (process.platform === 'darwin') return probeMac(pid);
  return { gone: false, start: '' };
}

export function currentProcess(): ProcessIdentity {
  const namespace = process.platform === 'linux' ? readOrEmpty(() => readlinkSync('/proc/self/ns/pid')) : '';
  return { host: `${hostname()} ${namespace}`.trim(), pid: process.pid, processStart: probe(process.pid).start };
}

/** True when the process has certainly ended; only for a process of this host. */
export function hasEnded(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (thrown) {
    // EPERM means that it lives and belongs to somebody else.
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH';
  }
  const { gone, start } = probe(identity.pid);
  return gone || (start !== '' && identity.processStart !== '' && start !== identity.processStart);
}
