/** Repository paths as plans write them: `src/a.js` is a file, `src/api/` a folder. */

/** Longest name of a file or folder that the usual file systems take, in bytes. */
const MAX_NAME_BYTES = 255;
const MAX_PATH_CHARS = 1_000;

/** Null when the path may not be owned or written: absolute, upward, inside `.git`, empty, or no path that can exist. */
export function normalisePath(path: string): string | null {
  if (path.length > MAX_PATH_CHARS || /\p{Cc}/u.test(path)) return null;
  const slashed = path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  if (slashed === '' || slashed.startsWith('/') || /^[a-z]:/i.test(slashed)) return null;
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.some((part) => part === '..' || part.toLowerCase() === '.git')) return null;
  if (parts.some((part) => new TextEncoder().encode(part).length > MAX_NAME_BYTES)) return null;
  const isFolder = slashed.endsWith('/') || slashed.endsWith('/.') || /\/\*{1,2}$/.test(slashed);
  const kept = parts.filter((part) => !/^\*{1,2}$/.test(part));
  if (kept.length === 0) return null;
  return isFolder ? `${kept.join('/')}/` : kept.join('/');
}

/** True when the owned path covers the file: the file itself, or a folder above it. */
export function covers(owned: string, file: string): boolean {
  if (owned === file) return true;
  return file.startsWith(owned.endsWith('/') ? owned : `${owned}/`);
}
