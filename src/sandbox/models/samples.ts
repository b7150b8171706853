import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import * as z from 'zod';
import { AppError } from '../../protocol/errors.ts';

export interface Sample {
  /** The number in front of the folder's name; what a person types to choose the sample. */
  number: number;
  /** Name of the brief, such as `Harbour Cafe`. */
  name: string;
  /** Absolute path of the brief's YAML file. */
  briefPath: string;
}

/** Where the samples lie, seen from this module: beside the bundle, or in the source tree. */
const PLACES = ['./samples/', '../samples/'];

/** Absolute path of the folder with the samples. Throws `configuration` when the installation lacks it. */
export function samplesDir(): string {
  for (const place of PLACES) {
    const dir = fileURLToPath(new URL(place, import.meta.url));
    if (existsSync(dir)) return dir;
  }
  throw new AppError({
    code: 'configuration',
    message: `No samples folder beside ${import.meta.url}`,
    userMessage: 'The samples are missing from this installation. Install the program again.',
  });
}

/** Names of the sample folders, in the order of their numbers. A sample is `<number>-<name>/` with a `brief.yaml`. */
export function sampleFolders(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(
      (entry) => entry.isDirectory() && /^\d+-/.test(entry.name) && existsSync(join(dir, entry.name, 'brief.yaml')),
    )
    .map((entry) => entry.name)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

const NamedBrief = z.object({ name: z.string().trim().min(1) });

/** The samples, by number. */
export function listSamples(dir: string = samplesDir()): Sample[] {
  return sampleFolders(dir).map((folder) => {
    const briefPath = join(dir, folder, 'brief.yaml');
    const { name } = NamedBrief.parse(parse(readFileSync(briefPath, 'utf8')));
    return { number: Number.parseInt(folder, 10), name, briefPath };
  });
}
