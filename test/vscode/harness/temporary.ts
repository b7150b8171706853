import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { own } from './owner.ts';

export interface TemporaryFolder {
  path: string;
  /** May be called twice. */
  remove: () => void;
}

/** A fresh folder that goes at the latest with the process. Keep the prefix short: sockets in it have 107 characters. */
export function temporaryFolder(prefix: string, { keep = false } = {}): TemporaryFolder {
  // The real path: VS Code compares paths as text, and macOS has links in its temporary folder.
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), prefix)));
  const removeNow = () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  const release = own(() => {
    if (!keep) removeNow();
  });
  const remove = () => {
    release();
    if (!keep) removeNow();
  };
  return { path: folder, remove };
}
