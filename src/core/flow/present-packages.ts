import * as z from 'zod';
import { lockedPackages } from './lock-files.ts';

const Manifest = z.object({
  dependencies: z.record(z.string(), z.unknown()).optional(),
  devDependencies: z.record(z.string(), z.unknown()).optional(),
});
const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml'];

/** Names of packages that a project already has, by its lock files and manifest; files that cannot be read have none. */
export async function presentPackages(read: (path: string) => Promise<string | null>): Promise<Set<string>> {
  const names = new Set<string>();
  for (const path of LOCK_FILES) {
    const text = await read(path);
    for (const name of (text === null ? null : lockedPackages(path, text))?.keys() ?? []) names.add(name);
  }
  const manifest = parseManifest(await read('package.json'));
  for (const name of Object.keys({ ...manifest?.dependencies, ...manifest?.devDependencies })) names.add(name);
  return names;
}

function parseManifest(text: string | null): z.infer<typeof Manifest> | null {
  try {
    return Manifest.safeParse(JSON.parse(text ?? '')).data ?? null;
  } catch {
    return null;
  }
}
