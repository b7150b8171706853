import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import type { CheckSummary } from '../../protocol/work.ts';
import { isSuperseded, readStarts, telling } from './check-twins.ts';
import type { GithubClient } from './client.ts';
import { allPages, PAGE_SIZE, place, slug } from './places.ts';

const CheckRun = z.object({
  id: z.int(),
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullable(),
  html_url: z.string().nullable(),
  output: z.object({ title: z.string().nullable(), summary: z.string().nullable() }),
  check_suite: z.object({ id: z.int() }).nullish(),
  app: z.object({ slug: z.string().optional() }).nullish(),
});
type CheckRun = z.infer<typeof CheckRun>;
const CheckRuns = z.object({ check_runs: z.array(CheckRun) });

const Status = z.object({
  context: z.string(),
  state: z.enum(['error', 'failure', 'pending', 'success']),
  description: z.string().nullable(),
  target_url: z.string().nullable(),
});
type Status = z.infer<typeof Status>;
const Statuses = z.object({ statuses: z.array(Status) });

type Run = CheckSummary['runs'][number];

const PASSING: ReadonlySet<string | null> = new Set(['success', 'neutral', 'skipped']);
/** Faults of the work, as far as anybody can tell. The others (`cancelled`, `stale`, `action_required`) say nothing about it. */
const FAILING: ReadonlySet<string | null> = new Set(['failure', 'timed_out', 'startup_failure']);
const SUMMARY_CHARACTERS = 4_000;

export async function readChecks(
  client: GithubClient,
  repository: ForgeRepository,
  commit: string,
  signal: AbortSignal,
): Promise<CheckSummary> {
  const asked = { ...place(repository), ref: commit, per_page: PAGE_SIZE };
  const of = `of ${commit.slice(0, 7)} in ${slug(repository)}`;
  const checkRuns = await allPages(async (page) => {
    const request = { doing: `reading the check runs ${of}`, kind: 'read', schema: CheckRuns } as const;
    const answer = await client.call(request, signal, (octokit, options) =>
      octokit.rest.checks.listForRef({ ...asked, page, filter: 'latest', ...options }),
    );
    return answer.check_runs;
  });
  const statuses = await allPages(async (page) => {
    const request = { doing: `reading the statuses ${of}`, kind: 'read', schema: Statuses } as const;
    const answer = await client.call(request, signal, (octokit, options) =>
      octokit.rest.repos.getCombinedStatusForRef({ ...asked, page, ...options }),
    );
    return answer.statuses;
  });
  const starts = await readStarts(client, repository, commit, checkRuns, signal);
  const current = checkRuns.filter((run) => !isSuperseded(run, stateOf(run) === 'stopped', checkRuns, starts));
  const runs = current.map((run) => ({ ...fromCheckRun(run), name: telling(run, current, starts) }));
  return summarize(numbered([...runs, ...statuses.map(fromStatus)]));
}

const stateOf = ({ status, conclusion }: CheckRun): Run['state'] => {
  if (status !== 'completed') return 'pending';
  if (PASSING.has(conclusion)) return 'passed';
  return FAILING.has(conclusion) ? 'failed' : 'stopped';
};

/** Clients and reports go by the name: what nothing tells apart gets a number. */
function numbered(runs: Run[]): Run[] {
  const counts = new Map<string, number>();
  return runs.map((run) => {
    const count = (counts.get(run.name) ?? 0) + 1;
    counts.set(run.name, count);
    return count === 1 ? run : { ...run, name: `${run.name} (${count})` };
  });
}

function fromCheckRun(run: CheckRun): Run {
  const text = [run.output.title, run.output.summary].filter((part) => part !== null && part !== '').join('\n');
  return {
    name: run.name,
    state: stateOf(run),
    url: run.html_url,
    summary: summaryOf(run, text).slice(-SUMMARY_CHARACTERS),
    logId: String(run.id),
  };
}

/** What stopped a run is in its conclusion, not in what it wrote before. */
function summaryOf(run: CheckRun, text: string): string {
  if (stateOf(run) === 'stopped') return (run.conclusion ?? 'no conclusion').replaceAll('_', ' ');
  return text === '' ? (run.conclusion ?? run.status) : text;
}

function fromStatus(status: Status): Run {
  const states = { success: 'passed', pending: 'pending', failure: 'failed', error: 'failed' } as const;
  return {
    name: status.context,
    state: states[status.state],
    url: status.target_url,
    summary: status.description ?? '',
    logId: null,
  };
}

/** GitHub's own combined state is not used: it is `pending` when there is no status at all. */
function summarize(runs: Run[]): CheckSummary {
  const some = (state: Run['state']): boolean => runs.some((run) => run.state === state);
  if (runs.length === 0) return { state: 'none', runs };
  const worst = (['failed', 'pending', 'stopped'] as const).find(some);
  return { state: worst ?? 'passed', runs };
}
