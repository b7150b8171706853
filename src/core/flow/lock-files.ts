import * as z from 'zod';

/**
 * Lock files are made by tools: lines and words of a merged one say little. What counts is which packages, in which
 * versions, it holds.
 */
const NpmLock = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional(), link: z.boolean().optional() })).optional(),
  dependencies: z.record(z.string(), z.object({ version: z.string().optional() })).optional(),
});

const NPM = /(^|\/)(package-lock|npm-shrinkwrap)\.json$/;
/** `"name@range", name@range:` and below it `version "1.2.3"` or `version: 1.2.3`. */
const YARN = /^"?((?:@[^@/\s"]+\/)?[^@\s",]+)@[^\n]*:\n\s+version:? "?([^"\s]+)"?$/gm;
/** `  /name@1.2.3:` or `  'name@1.2.3(peer)':`. */
const PNPM = /^ {2}['"]?\/?((?:@[^@/\s'"]+\/)?[^@\s'"/]+)@([^:(\s'"]+)[^:\n]*['"]?:/gm;
/** `name = "x"`, then `version = "1.2.3"`. */
const TOML = /^name = "([^"]+)"\nversion = "([^"]+)"$/gm;
const GO_SUM = /^(\S+) (v[^\s/]+) h1:/gm;

const BY_NAME: [RegExp, RegExp][] = [
  [/(^|\/)yarn\.lock$/, YARN],
  [/(^|\/)pnpm-lock\.yaml$/, PNPM],
  [/(^|\/)(Cargo|poetry|uv)\.lock$/, TOML],
  [/(^|\/)go\.sum$/, GO_SUM],
];

export function isLockFile(path: string): boolean {
  return NPM.test(path) || BY_NAME.some(([name]) => name.test(path));
}

/** Names and their versions; null when the text cannot be read as this kind of lock file. */
export function lockedPackages(path: string, text: string): Map<string, Set<string>> | null {
  const packages = new Map<string, Set<string>>();
  const add = (name: string, version: string) => {
    const versions = packages.get(name) ?? new Set<string>();
    packages.set(name, versions.add(version));
  };
  if (!NPM.test(path)) {
    const pattern = BY_NAME.find(([name]) => name.test(path))?.[1];
    if (pattern === undefined) return null;
    for (const [, name = '', version = ''] of text.replaceAll('\r\n', '\n').matchAll(pattern)) add(name, version);
    return packages;
  }
  if (text.trim() === '') return packages;
  const lock = readNpmLock(text);
  if (lock === null) return null;
  for (const [place, entry] of Object.entries(lock.packages ?? {})) {
    const name = place.split('node_modules/').at(-1) ?? '';
    if (place !== '' && entry.version !== undefined) add(name, entry.version);
  }
  for (const [name, entry] of Object.entries(lock.dependencies ?? {})) {
    if (entry.version !== undefined) add(name, entry.version);
  }
  return packages;
}

function readNpmLock(text: string): z.infer<typeof NpmLock> | null {
  try {
    return NpmLock.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/**
 * `name@version` that a side added and the merge lacks. Where the other side chose another version of the same package,
 * either satisfies: the ranges in the manifest, which is held as text, decide about what may be chosen.
 */
export function missingPackages(path: string, base: string, side: string, other: string, merged: string): string[] {
  const [inBase, inSide, inOther, inMerged] = [base, side, other, merged].map(
    (text) => lockedPackages(path, text) ?? new Map<string, Set<string>>(),
  );
  const missing: string[] = [];
  for (const [name, versions] of inSide ?? []) {
    const held = inMerged?.get(name);
    const chosenByOther = [...(inOther?.get(name) ?? [])].filter((version) => !inBase?.get(name)?.has(version));
    for (const version of versions) {
      if (inBase?.get(name)?.has(version) || held?.has(version)) continue;
      if (!chosenByOther.some((choice) => held?.has(choice))) missing.push(`${name}@${version}`);
    }
  }
  return missing;
}
