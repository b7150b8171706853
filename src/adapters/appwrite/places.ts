import { createHash } from 'node:crypto';
import type { Place } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import { isConflict } from './failures.ts';

/** Ids tried for one thing of the plan: `web`, `web-2` … `web-20`. */
const ATTEMPTS = 20;
/** The server's limits. */
const MAX_ID_CHARS = 36;
const MAX_NAME_CHARS = 128;
const MAX_MARK_CHARS = 90;
const MARK_TABLE = 'orchestrator-';
const MARK_TABLE_ID = new RegExp(`^${MARK_TABLE}[0-9a-f]{${MAX_ID_CHARS - MARK_TABLE.length}}$`);
/** Somebody else may take the free id between the look and the creation. */
const LOOKS = 5;

/** What differs between databases, functions and sites. */
export interface Claims {
  kind: 'database' | 'function' | 'site';
  /** Name of a new one, before the mark. */
  name: string;
  /** Those of the ids that exist. */
  list(ids: string[]): Promise<{ id: string; name: string }[]>;
  /** Whether the mark is written on it; null when none is, of whatever project. */
  bears(id: string, mark: string): Promise<boolean | null>;
  /** Throws a conflict when the id is taken. */
  create(id: string, name: string): Promise<void>;
  /** Writes the mark, which outlives every name. */
  write(id: string, mark: string): Promise<void>;
}

/** Of one thing of one project, so that two things of the same plan can never take the same place. */
export function markOf(project: string, planId: string): string {
  return `${project}/${planId}`;
}

/** The id, then `<id>-2` …, each at most 36 characters long. */
export function candidates(planId: string): string[] {
  return Array.from({ length: ATTEMPTS }, (_, index) => {
    const suffix = index === 0 ? '' : `-${index + 1}`;
    return planId.slice(0, MAX_ID_CHARS - suffix.length) + suffix;
  });
}

/**
 * The name that a new thing gets. A name is all that comes into being together with the thing itself, so that one which was
 * made just before a crash is known again; anybody may change it later. A long mark is cut and hashed.
 */
export function markedName(name: string, mark: string): string {
  const short = mark.length <= MAX_MARK_CHARS ? mark : `${mark.slice(0, MAX_MARK_CHARS - 17)}~${digestOf(mark, 16)}`;
  const ending = ` (${short})`;
  return name.slice(0, MAX_NAME_CHARS - ending.length) + ending;
}

/** Of a database: the empty table in it that is its mark, since nobody can change an id. */
export function markTableOf(mark: string): string {
  return MARK_TABLE + digestOf(mark, MAX_ID_CHARS - MARK_TABLE.length);
}

/** Whether a table of a database is a mark, of whatever project. */
export function isMarkTable(tableId: string): boolean {
  return MARK_TABLE_ID.test(tableId);
}

function digestOf(mark: string, chars: number): string {
  return createHash('sha256').update(mark).digest('hex').slice(0, chars);
}

/**
 * The id that carries the mark, else the first free one, created and marked. Nothing without the mark is changed. Looks at
 * all the ids first: what is ours stays where it is when somebody else's goes away. Throws `deployment_failed` when all of
 * them are somebody else's. `onCreate` is called before each try to make one.
 */
export async function claim(
  claims: Claims,
  ids: string[],
  mark: string,
  onCreate?: (place: Place) => void,
): Promise<string> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const { id, isOurs, isMarked } = await findPlace(claims, ids, mark);
    if (!isOurs) onCreate?.({ id, mark });
    if (!isOurs && !(await create(claims, id, mark))) continue;
    if (!isMarked) await claims.write(id, mark);
    return id;
  }
  throw allTaken(claims, ids);
}

interface Found {
  id: string;
  isOurs: boolean;
  /** The mark is written on it, so that it is known by more than its name. */
  isMarked: boolean;
}

/** Where `claim` would go; reads only. */
export async function findPlace(claims: Claims, ids: string[], mark: string): Promise<Found> {
  const existing = await claims.list(ids);
  // Ids that differ in case only are the same to the server's database.
  const taken = new Map(existing.map((one) => [one.id.toLowerCase(), one]));
  for (const id of ids) {
    const one = taken.get(id.toLowerCase());
    const whose = one === undefined ? 'others' : await whoseIs(claims, one, mark);
    if (one !== undefined && whose !== 'others') return { id: one.id, isOurs: true, isMarked: whose === 'marked' };
  }
  const free = ids.find((id) => !taken.has(id.toLowerCase()));
  if (free === undefined) throw allTaken(claims, ids);
  return { id: free, isOurs: false, isMarked: false };
}

/** A written mark is what counts; the name is for one whose mark could not be written any more. */
export async function whoseIs(
  claims: Claims,
  one: { id: string; name: string },
  mark: string,
): Promise<'marked' | 'named' | 'others'> {
  const isMarked = await claims.bears(one.id, mark);
  if (isMarked === null) return one.name.endsWith(markedName('', mark)) ? 'named' : 'others';
  return isMarked ? 'marked' : 'others';
}

/** False when somebody was first, perhaps a call of ours that went on unheard: look again. */
async function create(claims: Claims, id: string, mark: string): Promise<boolean> {
  try {
    await claims.create(id, markedName(claims.name, mark));
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}

function allTaken({ kind }: Claims, ids: string[]): AppError {
  const which = ids.length === 1 ? `"${ids[0]}"` : `"${ids[0]}" to "${ids.at(-1)}"`;
  return new AppError({
    code: 'deployment_failed',
    message: `${kind} ${which}: taken by others`,
    userMessage: `The ${kind} ${which} on Appwrite belongs to another project, so nothing there was changed. Delete or rename what is not needed in the Appwrite console, or use another Appwrite project (APPWRITE_PROJECT_ID), then resume the run.`,
  });
}
