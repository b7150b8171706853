import type { Ctx, StepContext, StepOptions } from '../engine/port.ts';
import type { Repository, ToolSession } from '../ports.ts';
import type { AgentTalk } from './agent-talk.ts';
import type { OverlapWatch } from './overlap-watch.ts';
import { pausable } from './pause.ts';
import type { RunPolicy } from './policy.ts';
import type { Preparation } from './preparation.ts';
import { subtaskRef } from './refs.ts';
import type { Seat } from './seats.ts';
import type { Services } from './services.ts';
import { asSetback, isSetback, type Kept, reportSetback, type Setback } from './setbacks.ts';

/** Where an agent works, and how its work in progress is kept. */
export interface AgentDesk {
  ctx: Ctx;
  services: Services;
  policy: RunPolicy;
  repoDir: string;
  /** Where this work began. */
  baseCommit: string;
  worktreeDir: string;
  outputDir: string;
  /** Name of the branch of this work below the run's refs: the subtask's id, or `merge-<id>`. */
  refName: string;
  subtaskId: string;
  agentId: string;
  prefix: string;
  suffix: string;
  env: Record<string, string>;
  /** Compares its branch with the others. */
  overlaps: OverlapWatch;
  /** Makes the worktree; null when it is there, or somebody else makes it. */
  preparation: Preparation | null;
  /** Gives a worktree that was just made what commands in it need. Throws `checks_failed`. */
  setUp(signal: AbortSignal): Promise<void>;
  /** Held while the agent works, and left while others look at what it made. */
  seat: Seat;
  /** Owned by this process, closed by `closeDesk`. */
  session: ToolSession | null;
  worktreeOpen: boolean;
  /** The commit that was begun when the newest tools had ended; nobody waited for it yet. */
  saving: Saving | null;
}

/** A step of an agent at work. While it waits for a condition, whoever has come back may work. */
export function atWork<T>(
  desk: AgentDesk,
  name: string,
  fn: (s: StepContext, pauses: number) => Promise<T>,
  options: StepOptions,
): Promise<T> {
  const work = async (s: StepContext, pauses: number): Promise<T> => {
    try {
      return await fn(s, pauses);
    } catch (thrown) {
      desk.seat.rest();
      throw thrown;
    }
  };
  return pausable(desk.ctx, name, work, options);
}

/** Null: nothing differs from the commit before. `gone`: the worktree is not there, nor is a commit of what it held. */
type SavedWork = Awaited<ReturnType<Repository['commitWorktree']>> | 'gone';

interface Saving {
  /** Never rejects unheard. */
  work: Promise<SavedWork>;
  state: 'under way' | 'done' | 'failed';
  /** Its event has been emitted by this process. */
  isTold: boolean;
}

/** Commits the worktree to the subtask's ref. The same work has the same key, whichever step comes to ask for it. */
export function beginSaving(desk: AgentDesk, talk: AgentTalk): Saving {
  const { ctx, services } = desk;
  const parents = [talk.commit];
  const message = {
    subject: `wip(${desk.subtaskId}): turn ${talk.turns}`,
    body: '',
    trailers: {
      'Orchestrator-Run': ctx.rootRunId,
      'Orchestrator-Subtask': desk.subtaskId,
      'Orchestrator-Key': `${ctx.runId}:turn-${talk.turns}`,
    },
  };
  const ref = subtaskRef(ctx.rootRunId, desk.refName);
  const work = findDesk(desk, talk).then((isThere) =>
    isThere
      ? services.repository.commitWorktree(desk.worktreeDir, parents, ref, message)
      : findCommitted(desk, talk.commit, ref),
  );
  const saving: Saving = { work, state: 'under way', isTold: false };
  work.then(
    () => {
      saving.state = 'done';
    },
    () => {
      saving.state = 'failed';
    },
  );
  return saving;
}

/** What was committed after `parent` before the worktree went, and was not on record yet. */
async function findCommitted(desk: AgentDesk, parent: string, ref: string): Promise<SavedWork> {
  const { repoDir, services } = desk;
  const { repository } = services;
  const commit = await repository.readRef(repoDir, ref);
  if (commit === null || commit === parent) return 'gone';
  if ((await repository.parents(repoDir, commit))[0] !== parent) return 'gone';
  return { commit, files: await repository.changedFiles(repoDir, parent, commit) };
}

/** Waits for the commit that was begun, and says what it holds; null when there is none, or nothing differs. */
export async function takeSaved(desk: AgentDesk, talk: AgentTalk, s: StepContext): Promise<Kept> {
  const { saving } = desk;
  if (saving === null) return null;
  desk.saving = null;
  const saved = await saving.work.catch((thrown) => {
    // The worktree may have lost its repository: the next try finds it again.
    desk.worktreeOpen = false;
    throw thrown;
  });
  if (saved === null) return null;
  if (saved === 'gone') {
    reportSetback(desk, talk, s, { kind: 'gone' });
    return { kind: 'gone' };
  }
  // With what the step returns: one transaction for both.
  tell(desk, s.conclude, saving, saved);
  desk.overlaps.observe(saved.commit, talk.commit, saved.files);
  return saved.commit;
}

/** For a turn that fails: the run may wait for days, and what the tools have changed can be looked at meanwhile. Never rejects. */
export async function tellSaved(desk: AgentDesk, s: StepContext): Promise<void> {
  const { saving } = desk;
  const saved = await saving?.work.catch(() => null);
  try {
    if (saving !== null && saved && saved !== 'gone') tell(desk, s.emit, saving, saved);
  } catch {
    // The run may have been taken from this process; why the turn failed is what counts.
  }
}

function tell(
  desk: AgentDesk,
  append: StepContext['emit'],
  saving: Saving,
  { commit, files }: Exclude<SavedWork, null | 'gone'>,
): void {
  if (saving.isTold) return;
  saving.isTold = true;
  append('committed', { type: 'subtask.committed', subtaskId: desk.subtaskId, commit, files });
}

/** Commits what tools have changed since the last commit; returns the commit, or null when nothing differs from it, or it is gone. */
export async function saveWork(desk: AgentDesk, talk: AgentTalk, s: StepContext): Promise<string | null> {
  const kept = await keepWork(desk, talk, s);
  return isSetback(kept) ? null : kept;
}

/** Commits what tools have changed since the last commit. Throws what a person has to mend. */
export async function keepWork(desk: AgentDesk, talk: AgentTalk, s: StepContext): Promise<Kept> {
  if (!talk.dirty && desk.saving === null) return null;
  await desk.saving?.work.catch(() => null);
  if (desk.saving?.state === 'failed') {
    // A worktree that could not be saved may have lost its repository, and finds it again.
    desk.saving = null;
    desk.worktreeOpen = false;
  }
  desk.saving ??= beginSaving(desk, talk);
  return takeSaved(desk, talk, s);
}

/** The same, while the agent can still go on: what it can mend itself is returned, as often as it may be told. */
export async function keepOrTell(desk: AgentDesk, talk: AgentTalk, s: StepContext): Promise<Kept> {
  try {
    return await keepWork(desk, talk, s);
  } catch (thrown) {
    const setback = asSetback(talk, thrown);
    if (setback === null) throw thrown;
    reportSetback(desk, talk, s, setback);
    return setback;
  }
}

/**
 * For an agent that says that it is done: waits for the commit that was begun, because it can only mend what it hears of
 * now. What else stands in the way is left to the step that takes the commit.
 */
export async function setbackOf(desk: AgentDesk, talk: AgentTalk, s: StepContext): Promise<Setback | null> {
  const { saving } = desk;
  if (saving === null) return null;
  const setback = await saving.work.then(
    (saved): Setback | null => (saved === 'gone' ? { kind: 'gone' } : null),
    (thrown) => asSetback(talk, thrown),
  );
  if (setback === null) return null;
  desk.saving = null;
  desk.worktreeOpen = false;
  reportSetback(desk, talk, s, setback);
  return setback;
}

/** Finds the worktree again, or makes it, once per process: a resumed run may be on another day, after a clean-up. */
export async function openDesk(desk: AgentDesk, talk: AgentTalk, signal: AbortSignal): Promise<void> {
  if (desk.worktreeOpen) return;
  await makeReady(desk, talk.commit, signal);
  desk.worktreeOpen = true;
}

/**
 * Finds the worktree, or makes it at the commit. One that is made is set up first as it was when the work began: set-up
 * commands must neither run what nobody has reviewed nor stumble over conflict markers.
 */
export async function makeReady(desk: AgentDesk, commit: string, signal: AbortSignal): Promise<void> {
  const { repoDir, worktreeDir, baseCommit } = desk;
  const { repository } = desk.services;
  if (await repository.findWorktree(repoDir, worktreeDir, commit)) return;
  await repository.openWorktree(repoDir, worktreeDir, baseCommit);
  try {
    await desk.setUp(signal);
    await repository.resetWorktree(worktreeDir, commit);
  } catch (thrown) {
    // It holds nothing of anybody, and the next try has to find out that it is not ready.
    await repository.removeWorktree(repoDir, worktreeDir);
    throw thrown;
  }
}

/**
 * The same where the worktree may hold what is in no commit: false when it is gone. None is made then, so that this is found
 * out again until it is on record.
 */
export async function findDesk(desk: AgentDesk, talk: AgentTalk): Promise<boolean> {
  const { repoDir, worktreeDir, services } = desk;
  desk.worktreeOpen ||= await services.repository.findWorktree(repoDir, worktreeDir, talk.commit);
  return desk.worktreeOpen;
}

/** Ends what this process keeps for the agent. The comparisons are over after it: what they found can be asked for. */
export async function closeDesk(desk: AgentDesk): Promise<void> {
  // It may be opening the session.
  await desk.preparation?.abandon();
  const { session } = desk;
  desk.session = null;
  await session?.close();
  await desk.saving?.work.catch(() => null);
  await desk.overlaps.ended();
}

/** Runs the work at a desk and closes it, however the work ends. */
export async function atDesk<T>(desk: AgentDesk, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    desk.overlaps.abandon();
    throw thrown;
  } finally {
    await closeDesk(desk).finally(() => desk.seat.close());
  }
}
