import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

/** `cloud.json` of the local cloud's data folder: where it listens, what opens it, and who runs it. Mode 0600. */

const port = z.int().min(0).max(65_535);

export const CloudFile = z.object({
  v: z.literal(1),
  /** Process that runs the cloud; null when none does. */
  pid: z.int().nullable(),
  /** ISO 8601, UTC; null when it is not running. */
  startedAt: z.string().nullable(),
  /** Address that answers health and stop requests; null when it is not running. */
  controlUrl: z.string().nullable(),
  /** Opens the control address, so that a stranger on the same port is not taken for the cloud. */
  controlToken: z.string(),
  /** Names the program file that runs; another one takes over by a restart. Null when it is not running. */
  build: z.string().nullable().default(null),
  ports: z.object({ models: port, github: port, appwrite: port }),
  xaiBaseUrl: z.string(),
  anthropicBaseUrl: z.string(),
  githubUrl: z.string(),
  githubApiUrl: z.string(),
  githubToken: z.string(),
  appwriteEndpoint: z.string(),
  appwriteProjectId: z.string(),
  appwriteApiKey: z.string(),
});
export type CloudFile = z.infer<typeof CloudFile>;

export function cloudFilePath(dataDir: string): string {
  return join(dataDir, 'cloud.json');
}

/** Null when there is none, or when it cannot be understood (the cloud then starts with new ports and tokens). */
export async function readCloudFile(dataDir: string): Promise<CloudFile | null> {
  try {
    const parsed = CloudFile.safeParse(JSON.parse(await readFile(cloudFilePath(dataDir), 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** Atomic: readers see the old file or the new one. */
export async function writeCloudFile(dataDir: string, file: CloudFile): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const path = cloudFilePath(dataDir);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  await writeFile(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await chmod(draft, 0o600);
  await rename(draft, path);
}

export function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(24).toString('hex')}`;
}
