import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Brief } from '../protocol/brief.ts';
import { AppError } from '../protocol/errors.ts';
import type { Sample } from '../protocol/service.ts';
import { readBrief } from './brief-file.ts';

/** Beside the bundle, or in the sources when the program runs from source. */
function samplesFolder(): string {
  const bundled = fileURLToPath(new URL('./samples', import.meta.url));
  return existsSync(bundled) ? bundled : fileURLToPath(new URL('../sandbox/samples', import.meta.url));
}

/** The briefs that the local cloud has recordings for, by number. */
export async function listSamples(): Promise<Sample[]> {
  const folder = samplesFolder();
  const names = (await readdir(folder)).filter((name) => /^\d+-/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const brief = await readBrief(join(folder, name, 'brief.yaml'));
      return { number: name.split('-')[0] ?? name, name: brief.name, description: brief.description };
    }),
  );
}

/** The brief of a sample and a new empty folder for it below `parentDir`: a recording fits an empty folder only. */
export async function prepareSample(
  parentDir: string,
  number: string,
): Promise<{ brief: Brief; workspaceDir: string }> {
  const folder = samplesFolder();
  const name = (await readdir(folder)).find((entry) => entry.startsWith(`${number}-`));
  if (name === undefined) {
    const message = `there is no sample "${number}"`;
    throw new AppError({ code: 'usage', message, userMessage: `There is no sample "${number}".` });
  }
  const brief = await readBrief(join(folder, name, 'brief.yaml'));
  const stamp = new Date().toISOString().slice(0, 23).replace(/[-:.]/g, '').replace('T', '-');
  const workspaceDir = join(parentDir, `${name}-${stamp}`);
  await mkdir(workspaceDir, { recursive: true });
  return { brief, workspaceDir };
}
