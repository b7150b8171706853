import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { Brief } from '../../protocol/brief.ts';
import { AppError } from '../../protocol/errors.ts';
import { Clarification, Plan } from '../../protocol/plan.ts';
import { Review } from '../../protocol/work.ts';
import { sampleFolders } from './samples.ts';

const RecordedCall = z.strictObject({
  tool: z.enum(['read', 'write', 'edit', 'glob', 'grep', 'run', 'finish']),
  input: z.record(z.string(), z.json()),
});
export type RecordedCall = z.infer<typeof RecordedCall>;

const RecordedTurn = z.strictObject({
  text: z.string().min(1),
  calls: z.array(RecordedCall).min(1),
});

const LeadRecording = z.strictObject({
  clarify: Clarification,
  plan: Plan,
  /** Subtask id -> the review of round 1, 2, … */
  reviews: z.record(z.string(), z.array(Review).min(1)),
});

/** Conversation (`<subtask>` or `<subtask>:merge`) -> the agent's turns, in order, over all rounds. */
const AgentRecording = z.record(z.string(), z.array(RecordedTurn).min(1));

/** One sample project with everything that the models said while it was built. */
export interface Recording {
  /** Name of the sample's folder. */
  folder: string;
  brief: Brief;
  lead: z.infer<typeof LeadRecording>;
  agents: z.infer<typeof AgentRecording>;
}

const FileReference = z.strictObject({ $file: z.string().startsWith('files/') });

/** Replaces every `{"$file": "files/x"}` by the text of that file, so that recorded code lies in files of its own kind. */
async function expandFiles(value: unknown, sampleDir: string): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((item) => expandFiles(item, sampleDir)));
  if (typeof value !== 'object' || value === null) return value;
  const reference = FileReference.safeParse(value);
  if (reference.success) {
    const path = join(sampleDir, reference.data.$file);
    if (!path.startsWith(join(sampleDir, 'files') + sep)) throw new Error(`${reference.data.$file} leaves the sample`);
    return readFile(path, 'utf8');
  }
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, item]) => [key, await expandFiles(item, sampleDir)] as const),
  );
  return Object.fromEntries(entries);
}

async function readJson(sampleDir: string, file: string): Promise<unknown> {
  return expandFiles(JSON.parse(await readFile(join(sampleDir, file), 'utf8')), sampleDir);
}

/** Reads and checks one sample. Throws `configuration` naming the sample. */
export async function loadRecording(dir: string, folder: string): Promise<Recording> {
  const sampleDir = join(dir, folder);
  try {
    const [brief, lead, agents] = await Promise.all([
      readFile(join(sampleDir, 'brief.yaml'), 'utf8'),
      readJson(sampleDir, 'lead.json'),
      readJson(sampleDir, 'agents.json'),
    ]);
    return {
      folder,
      brief: Brief.parse(parse(brief)),
      lead: LeadRecording.parse(lead),
      agents: AgentRecording.parse(agents),
    };
  } catch (cause) {
    throw new AppError({
      code: 'configuration',
      message: `Sample ${folder} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      userMessage: `The recorded sample "${folder}" is damaged. Install the program again.`,
      cause,
    });
  }
}

/** All samples of the folder, by number. */
export async function loadRecordings(dir: string): Promise<Recording[]> {
  return Promise.all(sampleFolders(dir).map((folder) => loadRecording(dir, folder)));
}
