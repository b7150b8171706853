import { z } from 'zod';

const NpmLock = z.object({ packages: z.record(z.string(), z.unknown()) });
const Manifest = z.object({
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
});

function parse<T>(schema: z.ZodType<T>, text: string | null): T | null {
  try {
    return schema.safeParse(JSON.parse(text ?? '')).data ?? null;
  } catch {
    return null;
  }
}

/** Names of packages that a project already has, from its npm lock file and manifest; unreadable files have none. */
export function lockedPackages(lockText: string | null, manifestText: string | null): Set<string> {
  const names = new Set<string>();
  for (const path of Object.keys(parse(NpmLock, lockText)?.packages ?? {})) {
    const name = path.split('node_modules/').at(-1);
    if (name !== undefined && name !== '') names.add(name);
  }
  const manifest = parse(Manifest, manifestText);
  for (const name of Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies })) names.add(name);
  return names;
}
