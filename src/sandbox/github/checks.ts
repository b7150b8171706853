import { type CheckQueueParts, finishRun, plainCheck, runJobOf, runPlainCheck } from './check-work.ts';
import { readCommit } from './git.ts';
import type { Verdict } from './npm-check.ts';
import type { CheckRun, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import { timestamp } from './timestamp.ts';
import { createRun, type RunStart } from './workflow-runs.ts';
import { isTriggered, readWorkflows, type WorkflowSource } from './workflows.ts';

/** Something happened that workflows may wait for. */
interface CheckEvent {
  event: 'push' | 'pull_request' | 'merge_group';
  repo: Repo;
  sha: string;
  /** Without `refs/heads/`: what was pushed, or the head of the pull request. */
  branch: string;
  /** The branch that filters of `pull_request` and `merge_group` look at. Default `branch`. */
  base?: string;
  login: string;
}

/** Runs what a repository has for its commits, one after the other, and writes what came out into check runs. */
export interface CheckQueue {
  /** Queues the workflows that the event starts, or `npm test` for a commit without workflows; each once for a commit. */
  trigger(event: CheckEvent): Promise<void>;
  /** Queues one run of a workflow that somebody asked for. */
  dispatch(repo: Repo, source: WorkflowSource, start: RunStart): WorkflowRun;
  /** Ends a run that is queued or under way. */
  cancel(run: WorkflowRun): void;
  /** Takes up what an earlier stand-in on the same data left unfinished. */
  resume(): void;
  /** Resolves when no check is running any more; nothing is started after it. */
  close(): Promise<void>;
}

export function createCheckQueue(parts: CheckQueueParts): CheckQueue {
  const { store, clock, log, git } = parts;
  const cancels = new Map<number, AbortController>();
  /** Events that have been looked at: a refresh names each of them again. */
  const announced = new Set<string>();
  let closed = false;
  let tail: Promise<void> = Promise.resolve();

  const cancelOf = (runId: number): AbortController => {
    const known = cancels.get(runId) ?? new AbortController();
    cancels.set(runId, known);
    return known;
  };

  const perform = async (check: CheckRun, repo: Repo): Promise<void> => {
    if (closed || check.status === 'completed') return;
    check.status = 'in_progress';
    check.startedAt = timestamp(clock);
    const run = store.state.workflowRuns.find(({ id }) => id === check.workflowRunId);
    if (run !== undefined) Object.assign(run, { status: 'in_progress', startedAt: run.startedAt ?? check.startedAt });
    store.save();
    const work =
      run === undefined ? runPlainCheck(parts, repo, check) : runJobOf(parts, repo, check, run, cancelOf(run.id));
    const verdict = await work.catch(
      (error: unknown): Verdict => ({
        conclusion: 'failure',
        title: 'The check could not be run',
        summary: error instanceof Error ? error.message : String(error),
      }),
    );
    // A check that was killed by the end of the stand-in stays in progress and is run again after the next start.
    if (closed) return;
    Object.assign(check, { status: 'completed', completedAt: timestamp(clock), ...verdict });
    if (run !== undefined) finishRun(store, run, timestamp(clock));
    store.save();
    log.info('check completed', {
      repository: `${repo.owner}/${repo.name}`,
      sha: check.sha,
      conclusion: check.conclusion,
    });
    await parts.completed(repo);
  };

  const enqueue = (check: CheckRun): void => {
    const repo = store.state.repos.find((candidate) => candidate.id === check.repoId);
    if (repo === undefined) return;
    tail = tail
      .then(() => perform(check, repo))
      .catch((error: unknown) => log.warn('check lost', { sha: check.sha, error: String(error) }));
  };

  const dispatch = (repo: Repo, source: WorkflowSource, start: RunStart): WorkflowRun => {
    const { run, checks } = createRun(store, clock, repo, source, start);
    store.save();
    for (const check of checks) enqueue(check);
    return run;
  };

  return {
    async trigger(event) {
      const { repo, sha, branch } = event;
      if (!parts.enabled || closed) return;
      const key = [repo.id, event.event, sha, branch, event.base ?? ''].join(' ');
      if (announced.has(key)) return;
      announced.add(key);
      const sources = await readWorkflows(git, store.repoDir(repo), sha);
      if (sources.length === 0) {
        if (event.event === 'push' || store.state.checkRuns.some((run) => run.repoId === repo.id && run.sha === sha))
          return;
        const check = plainCheck(store, repo, sha, branch, timestamp(clock));
        store.save();
        enqueue(check);
        return;
      }
      for (const source of sources) {
        const isDone = store.state.workflowRuns.some(
          (run) =>
            run.repoId === repo.id &&
            run.path === source.path &&
            run.sha === sha &&
            run.event === event.event &&
            run.branch === branch,
        );
        if (
          isDone ||
          source.definition === null ||
          !isTriggered(source.definition, event.event, event.base ?? branch)
        ) {
          continue;
        }
        const { message } = await readCommit(git, store.repoDir(repo), sha);
        const title = message.split('\n')[0] ?? '';
        dispatch(repo, source, { event: event.event, branch, sha, login: event.login, title, inputs: {} });
      }
    },
    dispatch,
    cancel(run) {
      cancelOf(run.id).abort();
      const now = timestamp(clock);
      for (const check of store.state.checkRuns) {
        if (check.workflowRunId !== run.id || check.status !== 'queued') continue;
        Object.assign(check, { status: 'completed', conclusion: 'cancelled', startedAt: now, completedAt: now });
      }
      finishRun(store, run, now);
      store.save();
    },
    resume() {
      for (const check of store.state.checkRuns) {
        if (check.status !== 'completed' && (parts.enabled || check.workflowRunId !== null)) enqueue(check);
      }
    },
    async close() {
      closed = true;
      await tail;
    },
  };
}
