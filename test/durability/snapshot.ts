import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Every file below a folder: relative path -> mode and hash of the bytes; links by their target. */
export function snapshot(dir: string, isOurs: (path: string) => boolean = () => false): Record<string, string> {
  const found: Record<string, string> = {};
  const walk = (at: string): void => {
    for (const name of readdirSync(at).sort()) {
      const file = join(at, name);
      const path = relative(dir, file);
      if (isOurs(path)) continue;
      const info = lstatSync(file);
      if (info.isDirectory()) walk(file);
      else if (info.isSymbolicLink()) found[path] = `link ${readlinkSync(file)}`;
      else found[path] = `${info.mode.toString(8)} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
    }
  };
  walk(dir);
  return found;
}
