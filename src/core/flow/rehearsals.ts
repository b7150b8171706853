import { isClean, type RehearsedCandidate } from './candidate.ts';

/** A subtask's commit that is being reviewed, and how its integration on a head is tried out. */
export interface Rehearsal {
  subtaskId: string;
  commit: string;
  /** May reject; then nothing is known. When the signal fires, nobody wants the answer any more. */
  rehearse(baseCommit: string, signal: AbortSignal): Promise<RehearsedCandidate>;
}

type Entry = Rehearsal & {
  /** What came of it, and on which head; null: nothing that could be used. */
  outcome: { baseCommit: string; candidate: RehearsedCandidate | null } | null;
};

interface Trial {
  entry: Entry;
  baseCommit: string;
  cutting: AbortController;
  /** Never rejects. */
  end: Promise<RehearsedCandidate | null>;
  /** Its integration has begun and waits for it. */
  isTaken: boolean;
}

interface RunState {
  /** In the order in which they went to review. */
  entries: Entry[];
  /** What the next integration begins at; null while one is under way whose end nobody can tell. */
  head: string | null;
  trial: Trial | null;
}

/**
 * Tries integrations out while the lead still reviews: by the time of an approval the merge is made and checked.
 *
 * 1. One at a time, each on the head that there will be when everything before it is integrated as rehearsed.
 * 2. What is found counts only for exactly the commit and the head that it was found for; everything else is forgotten.
 * 3. Nothing is decided here, and nothing of it survives the process: without it an integration only takes longer.
 */
export class Rehearsals {
  readonly #runs = new Map<string, RunState>();

  /** Instead of an earlier one of the same subtask. Nothing for a run that has no head, or has ended. */
  begin(runId: string, rehearsal: Rehearsal): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.entries = run.entries.filter(({ subtaskId }) => subtaskId !== rehearsal.subtaskId);
    run.entries.push({ ...rehearsal, outcome: null });
    this.#schedule(run);
  }

  /** The subtask is not going to be integrated as it is. */
  drop(runId: string, subtaskId: string): void {
    const run = this.#runs.get(runId);
    if (run === undefined) return;
    run.entries = run.entries.filter((entry) => entry.subtaskId !== subtaskId);
    this.#schedule(run);
  }

  /** The integration is at this commit, and nothing is on its way there. */
  settle(runId: string, head: string): void {
    const run = this.#run(runId);
    run.head = head;
    this.#schedule(run);
  }

  /**
   * An integration begins: what its rehearsal found, waiting for it when it is under way; null when it has to be done from
   * the beginning.
   */
  async take(
    runId: string,
    wanted: { subtask: { id: string }; commit: string; baseCommit: string; proven: boolean },
    signal: AbortSignal,
  ): Promise<RehearsedCandidate | null> {
    const run = this.#runs.get(runId);
    if (run === undefined) return null;
    const entry = run.entries.find(({ subtaskId }) => subtaskId === wanted.subtask.id);
    run.entries = run.entries.filter((other) => other !== entry);
    run.head = null;
    const isWanted = wanted.proven && entry?.commit === wanted.commit;
    const candidate = isWanted ? await this.#result(run, entry, wanted.baseCommit, signal) : null;
    if (candidate !== null && isClean(candidate)) run.head = candidate.commit;
    this.#schedule(run);
    return candidate;
  }

  /** Nothing of the run is rehearsed any more when this has resolved. */
  async close(runId: string): Promise<void> {
    const run = this.#runs.get(runId);
    this.#runs.delete(runId);
    if (run === undefined) return;
    run.entries = [];
    run.trial?.cutting.abort();
    await run.trial?.end;
  }

  async #result(
    run: RunState,
    entry: Entry,
    baseCommit: string,
    signal: AbortSignal,
  ): Promise<RehearsedCandidate | null> {
    if (entry.outcome?.baseCommit === baseCommit) return entry.outcome.candidate;
    const { trial } = run;
    if (trial?.entry !== entry || trial.baseCommit !== baseCommit) return null;
    trial.isTaken = true;
    const cut = () => trial.cutting.abort();
    signal.addEventListener('abort', cut, { once: true });
    try {
      signal.throwIfAborted();
      const candidate = await trial.end;
      signal.throwIfAborted();
      return candidate;
    } finally {
      signal.removeEventListener('abort', cut);
    }
  }

  #schedule(run: RunState): void {
    const next = nextOf(run);
    const { trial } = run;
    if (trial !== null) {
      const isStillNext = next?.entry === trial.entry && next.baseCommit === trial.baseCommit;
      // Its end comes back here.
      if (!isStillNext && !trial.isTaken) trial.cutting.abort();
      return;
    }
    if (next === null) return;
    const { entry, baseCommit } = next;
    const cutting = new AbortController();
    const work = async (): Promise<RehearsedCandidate | null> => {
      const candidate = await entry.rehearse(baseCommit, cutting.signal).catch(() => null);
      const found = cutting.signal.aborted ? null : { baseCommit, candidate };
      entry.outcome = found;
      run.trial = null;
      this.#schedule(run);
      return found?.candidate ?? null;
    };
    run.trial = { entry, baseCommit, cutting, isTaken: false, end: work() };
  }

  #run(runId: string): RunState {
    const known = this.#runs.get(runId);
    if (known !== undefined) return known;
    const run: RunState = { entries: [], head: null, trial: null };
    this.#runs.set(runId, run);
    return run;
  }
}

/** The first that has not been rehearsed on the head that it will find. */
function nextOf({ entries, head }: RunState): { entry: Entry; baseCommit: string } | null {
  if (head === null) return null;
  let baseCommit = head;
  for (const entry of entries) {
    if (entry.outcome?.baseCommit !== baseCommit) return { entry, baseCommit };
    const { candidate } = entry.outcome;
    if (candidate !== null && isClean(candidate)) baseCommit = candidate.commit;
  }
  return null;
}
