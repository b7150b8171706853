import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../core/durable-file.ts';
import { Stage } from '../protocol/events.ts';

/** What the client that started a run was told, and any client needs again to carry it on: `<stateDir>/runs/<run>.json`. */
export const RunNote = z.object({
  v: z.literal(1),
  runId: z.string(),
  /** Outside systems without configuration are the local cloud's. */
  local: z.boolean(),
  until: Stage,
  workspaceDir: z.string(),
  concurrency: z.string().nullable(),
  /** ISO 8601, UTC. */
  createdAt: z.string(),
});
export type RunNote = z.infer<typeof RunNote>;

const folder = (stateDir: string) => join(stateDir, 'runs');

const notePath = (stateDir: string, runId: string) => join(folder(stateDir), `${encodeURIComponent(runId)}.json`);

/** On the disk when it returns, as the run is: without its note no window can carry it on. */
export async function writeRunNote(stateDir: string, note: RunNote): Promise<void> {
  await mkdir(folder(stateDir), { recursive: true, mode: 0o700 });
  writeDurably(notePath(stateDir, note.runId), `${JSON.stringify(note)}\n`);
}

/** Harmless when there is none. */
export async function removeRunNote(stateDir: string, runId: string): Promise<void> {
  await rm(notePath(stateDir, runId), { force: true });
}

/** Newest first; a file that cannot be understood is passed over. */
async function listRunNotes(stateDir: string): Promise<RunNote[]> {
  const names = await readdir(folder(stateDir)).catch(() => []);
  const notes = await Promise.all(
    names
      .filter((name) => name.endsWith('.json'))
      .map(async (name) => {
        try {
          return RunNote.safeParse(JSON.parse(await readFile(join(folder(stateDir), name), 'utf8'))).data;
        } catch {
          return undefined;
        }
      }),
  );
  return notes.filter((note) => note !== undefined).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
}

/** The note that an id, a unique prefix of one, or `last` stands for; null when there is none or more than one. */
export async function findRunNote(stateDir: string, reference: string): Promise<RunNote | null> {
  const notes = await listRunNotes(stateDir);
  if (reference === 'last') return notes[0] ?? null;
  const exact = notes.find((note) => note.runId === reference);
  if (exact !== undefined) return exact;
  const matching = notes.filter((note) => note.runId.startsWith(reference));
  return matching.length === 1 ? (matching[0] ?? null) : null;
}
