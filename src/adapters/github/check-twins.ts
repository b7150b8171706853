import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import type { GithubClient } from './client.ts';
import { limitWaitMs, statusOf } from './errors.ts';
import { allPages, PAGE_SIZE, place, slug } from './places.ts';

/** Check runs of one name: repetitions of one check, or those of two workflows or apps that call it the same. */

/** What tells one check run from another of its name. */
export interface Twin {
  id: number;
  name: string;
  /** Null where GitHub tells of none; runs of one suite come from one start of one workflow or app. */
  check_suite?: { id: number } | null | undefined;
  app?: { slug?: string | undefined } | null | undefined;
}

/** The start of a workflow that a check suite belongs to. */
interface Start {
  workflowId: number;
  workflow: string;
  event: string;
}
/** By the ids of check suites; one of another app than GitHub Actions is not in it. */
export type Starts = ReadonlyMap<number, Start>;

const Runs = z.object({
  workflow_runs: z.array(
    z.object({
      check_suite_id: z.int().optional(),
      workflow_id: z.int(),
      name: z.string().nullish(),
      event: z.string(),
    }),
  ),
});

const appOf = ({ app }: Twin): string => app?.slug ?? '';
const suiteOf = ({ check_suite: suite }: Twin): number | null => suite?.id ?? null;
const isTwin = (a: Twin, b: Twin): boolean => a.id !== b.id && a.name === b.name && appOf(a) === appOf(b);

/** Which workflows the suites of a commit are of; read only where runs of one name are in several suites. */
export async function readStarts(
  client: GithubClient,
  repository: ForgeRepository,
  commit: string,
  runs: readonly Twin[],
  signal: AbortSignal,
): Promise<Starts> {
  const hasTwins = runs.some((run) => runs.some((other) => isTwin(run, other) && suiteOf(run) !== suiteOf(other)));
  if (!hasTwins) return new Map();
  const doing = `reading the workflow runs of ${commit.slice(0, 7)} in ${slug(repository)}`;
  const asked = { ...place(repository), head_sha: commit, per_page: PAGE_SIZE };
  try {
    const found = await allPages(async (page) => {
      const answer = await client.call({ doing, kind: 'read', schema: Runs }, signal, (octokit, options) =>
        octokit.rest.actions.listWorkflowRunsForRepo({ ...asked, page, ...options }),
      );
      return answer.workflow_runs;
    });
    return new Map(
      found.flatMap(({ check_suite_id: suite, workflow_id: workflowId, name, event }) =>
        suite === undefined ? [] : [[suite, { workflowId, workflow: name ?? '', event }]],
      ),
    );
  } catch (error) {
    // A token may read checks and no workflows: then the app and the name have to do.
    if (limitWaitMs(error) !== null || ![403, 404].includes(statusOf(error) ?? 0)) throw error;
    return new Map();
  }
}

/**
 * Whether a later run takes the place of this one. One that `stopped` is out of the way with any later run of the same
 * workflow: GitHub cancels what it starts twice, and people start anew what was cancelled. Any other is with one for the same
 * event: what a push and a pull request have found out are two things.
 */
export function isSuperseded(run: Twin, stopped: boolean, runs: readonly Twin[], starts: Starts): boolean {
  const start = starts.get(suiteOf(run) ?? 0);
  return runs.some((other) => {
    if (!isTwin(run, other) || other.id < run.id) return false;
    if (suiteOf(other) === suiteOf(run)) return stopped;
    const later = starts.get(suiteOf(other) ?? 0);
    if (start === undefined || later === undefined) return stopped && start === later;
    return start.workflowId === later.workflowId && (stopped || start.event === later.event);
  });
}

/** The name by which people tell it from the others of its name; its own when there are none. */
export function telling(run: Twin, runs: readonly Twin[], starts: Starts): string {
  const others = runs.filter((other) => other.id !== run.id && other.name === run.name);
  if (others.length === 0) return run.name;
  const start = starts.get(suiteOf(run) ?? 0);
  const source = start === undefined || start.workflow === '' ? appOf(run) : start.workflow;
  const isRepeated = others.some((other) => starts.get(suiteOf(other) ?? 0)?.workflowId === start?.workflowId);
  const event = start !== undefined && isRepeated ? ` (${start.event})` : '';
  return source === '' ? run.name : `${source} / ${run.name}${event}`;
}
