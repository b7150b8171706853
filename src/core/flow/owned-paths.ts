/** Repository paths as plans write them: `src/a.js` is a file, `src/api/` a folder. */

/** Null when the path may not be owned or written: absolute, upward, inside `.git`, or empty. */
export function normalisePath(path: string): string | null {
  const slashed = path.replaceAll('\\', '/').replace(/^(\.\/)+/, '');
  if (slashed === '' || slashed.startsWith('/') || /^[a-z]:/i.test(slashed)) return null;
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.some((part) => part === '..' || part.toLowerCase() === '.git')) return null;
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

export function overlaps(a: string, b: string): boolean {
  const trim = (path: string) => path.replace(/\/$/, '');
  return covers(trim(a), trim(b)) || covers(trim(b), trim(a));
}
