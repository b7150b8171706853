/** A piece of work: an agent's, then somebody else's. */
export interface Job {
  id: string;
  dependsOn: readonly string[];
  /** What it keeps an agent busy with; a whole number of some unit. */
  work: number;
  /** From then until what depends on it may start, in the same unit. */
  review: number;
}

/** A job that has been started and is not done; its agent is busy until `free`. */
interface Running {
  free: number;
  end: number;
  id: string;
}

/** What the search has tried to its end without success, so that it is not tried again on another way. */
type Tried = Set<string>;

/** Length of the longest chain from each job to an end of the graph, itself included. */
function tailsOf(jobs: readonly Job[]): Map<string, number> {
  const tails = new Map<string, number>();
  const tail = (job: Job): number => {
    const known = tails.get(job.id);
    if (known !== undefined) return known;
    const after = jobs.filter((other) => other.dependsOn.includes(job.id)).map(tail);
    const length = job.work + job.review + Math.max(0, ...after);
    tails.set(job.id, length);
    return length;
  };
  for (const job of jobs) tail(job);
  return tails;
}

/** All choices of at most `count` of the jobs, larger ones first; to start fewer than possible may be right. */
function choices(jobs: readonly Job[], count: number): Job[][] {
  if (jobs.length === 0 || count === 0) return [[]];
  const [first, ...rest] = jobs as [Job, ...Job[]];
  const all = [...choices(rest, count - 1).map((some) => [first, ...some]), ...choices(rest, count)];
  return all.sort((a, b) => b.length - a.length);
}

/**
 * The shortest time in which `agents` can do the jobs, each without a break and after what it depends on: exact, by trying
 * everything that a bound does not exclude. Work may only start when an agent or a job is done, which loses no schedule.
 */
export function shortestSchedule(jobs: readonly Job[], agents: number): number {
  const tails = tailsOf(jobs);
  for (let limit = lowerBound(jobs, agents); ; limit += 1) {
    if (fits({ jobs, agents, tails, limit, tried: new Set() }, 0, new Set(), [])) return limit;
  }
}

/** The longest chain, or all work divided by the agents and one review: no schedule can be shorter, and often none is as short. */
export function lowerBound(jobs: readonly Job[], agents: number): number {
  const work = jobs.reduce((sum, job) => sum + job.work, 0);
  return Math.max(...tailsOf(jobs).values(), Math.ceil(work / agents) + leastReview(jobs));
}

/** Whatever is worked on last is reviewed after it. */
const leastReview = (jobs: readonly Job[]): number => Math.min(...jobs.map(({ review }) => review));

interface Search {
  jobs: readonly Job[];
  agents: number;
  tails: ReadonlyMap<string, number>;
  limit: number;
  tried: Tried;
}

/** True when what is left can end by the limit. */
function fits(search: Search, now: number, done: ReadonlySet<string>, running: readonly Running[]): boolean {
  const { jobs, agents, limit, tried } = search;
  const left = jobs.filter((job) => !done.has(job.id) && !running.some(({ id }) => id === job.id));
  if (left.length === 0) return running.every(({ end }) => end <= limit);
  if (isTooLate(search, now, left, running)) return false;
  const key = JSON.stringify([now, running, [...done].sort()]);
  if (tried.has(key)) return false;
  const ready = left.filter((job) => job.dependsOn.every((id) => done.has(id)));
  const busy = running.filter(({ free }) => free > now).length;
  for (const chosen of choices(ready, agents - busy)) {
    const started = chosen.map(({ id, work, review }) => ({ free: now + work, end: now + work + review, id }));
    const next = [...running, ...started];
    if (next.length === 0) continue;
    const then = Math.min(...next.flatMap(({ free, end }) => (free > now ? [free, end] : [end])));
    const ended = next.filter(({ end }) => end <= then).map(({ id }) => id);
    const going = next.filter(({ end }) => end > then).sort((a, b) => a.end - b.end || (a.id < b.id ? -1 : 1));
    if (fits(search, then, new Set([...done, ...ended]), going)) return true;
  }
  tried.add(key);
  return false;
}

/** True when a chain, or all the work that is left, cannot end by the limit. */
function isTooLate(search: Search, now: number, left: readonly Job[], running: readonly Running[]): boolean {
  const { jobs, agents, tails, limit } = search;
  const ends = new Map(running.map(({ id, end }) => [id, end]));
  const start = (job: Job): number => {
    const before = job.dependsOn.map((id) => {
      const waiting = left.find((other) => other.id === id);
      return waiting === undefined ? (ends.get(id) ?? now) : start(waiting) + waiting.work + waiting.review;
    });
    return Math.max(now, ...before);
  };
  if (left.some((job) => start(job) + (tails.get(job.id) ?? 0) > limit)) return true;
  const last = limit - leastReview(jobs);
  const busy = running.filter(({ free }) => free > now);
  const room = (agents - busy.length) * (last - now) + busy.reduce((sum, { free }) => sum + last - free, 0);
  return left.reduce((sum, job) => sum + job.work, 0) > room;
}
