import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../core/ports.ts';

const MAX_SIZE_BYTES = 5_000_000;

/** Appends to `<stateDir>/orchestrator.log`; a file above 5 MB is set aside once as `orchestrator.log.1`. Never throws. */
export function createFileLog(stateDir: string): Log {
  const path = join(stateDir, 'orchestrator.log');
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    if (statSync(path).size > MAX_SIZE_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // The first run has no log yet; a log that cannot be kept must not stop a run.
  }
  const write = (level: string, message: string, fields?: Record<string, unknown>) => {
    const line = JSON.stringify({ at: new Date().toISOString(), level, message, ...fields });
    try {
      appendFileSync(path, `${line}\n`, { mode: 0o600 });
    } catch {
      // As above.
    }
  };
  return {
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
  };
}
