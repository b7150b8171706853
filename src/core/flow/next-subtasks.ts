import type { Subtask } from '../../protocol/plan.ts';
import type { Ctx } from '../engine/port.ts';
import type { Overlap } from './overlap.ts';
import type { OverlapRadar } from './overlap-radar.ts';
import { covers, normalisePath } from './owned-paths.ts';
import type { RunSeats } from './seats.ts';

/**
 * Subtasks that may be under way, reviews and waits for a person included, for a number of agents at work. More would pile up
 * before a lead that cannot keep pace. Who allows one agent wants one thing after the other.
 */
export const openLimit = (agents: number): number => (agents === 1 ? 1 : 2 * agents);

/**
 * True when a subtask would be drawn into a conflict that two others have at this moment: it owns one of the files, or its
 * own words name one. Starting it would make two conflicts of one; begun after they are integrated, it has none.
 */
export function isDrawnInto(subtask: Subtask, collisions: readonly Overlap[]): boolean {
  const owned = subtask.ownedPaths.map(normalisePath).filter((path) => path !== null);
  const words = [subtask.title, subtask.description, ...subtask.acceptanceCriteria.map((c) => c.text)].join('\n');
  return collisions
    .flatMap((collision) => collision.paths)
    .some((path) => owned.some((own) => covers(own, path)) || words.includes(path));
}

interface Choice {
  /** Of the subtasks that begin; each is promised a seat. */
  ids: string[];
  /** Others would begin if an agent left its seat. */
  isFull: boolean;
}

/**
 * Which of the ready subtasks begin now, in their order. Recorded under `name`, so that a replay starts the same ones: what
 * the agents of this process do at the moment is on no record. `isAlone`: nothing else is under way; `places`: how many more
 * subtasks may be.
 */
export function chooseNext(
  from: { ctx: Ctx; radar: Pick<OverlapRadar, 'collisions' | 'compared'>; seats: RunSeats },
  name: string,
  ready: readonly Subtask[],
  { isAlone, places }: { isAlone: boolean; places: number },
): Promise<Choice> {
  const { ctx, radar, seats } = from;
  const choose = async (): Promise<Choice> => {
    if (!isAlone) await radar.compared(ctx.rootRunId);
    const collisions = isAlone ? [] : radar.collisions(ctx.rootRunId);
    const wanted = ready.filter((subtask) => !isDrawnInto(subtask, collisions)).slice(0, places);
    const ids = seats.choose(wanted.map(({ id }) => id));
    return { ids, isFull: ids.length < wanted.length };
  };
  return ctx.step(name, choose, { durability: 'process' });
}
