import type { DomainEvent } from '../../protocol/events.ts';
import type { Evidence, NotedComment, WorkflowRun } from '../../protocol/work.ts';
import { changeText, hasLosses, previewText } from './deployment-lines.ts';
import { clean, formatDuration, formatTokens, formatUsd, plural } from './text.ts';

/** The log of a run for people: what each event says, or nothing when it is only for the live region. */

export interface LogLine {
  tone: 'good' | 'bad' | 'wait' | 'info';
  text: string;
}

const info = (text: string): LogLine[] => [{ tone: 'info', text: clean(text) }];
const good = (text: string): LogLine[] => [{ tone: 'good', text: clean(text) }];
const bad = (text: string): LogLine[] => [{ tone: 'bad', text: clean(text) }];
const wait = (text: string): LogLine[] => [{ tone: 'wait', text: clean(text) }];
const short = (commit: string) => commit.slice(0, 7);

const firstLine = (text: string): string => (text.trim().split('\n', 1)[0] ?? '').slice(0, 80).toWellFormed();

const NOTED: Record<NotedComment['why'], string> = {
  untrusted: 'not of a person who may write to the repository',
  no_request: 'no line begins with /revise',
  settled: 'approved since',
  empty: 'does not say what to change',
};

export function eventLines(event: DomainEvent): LogLine[] {
  switch (event.type) {
    case 'run.started':
      if (event.purpose === 'rollback') return info(`${event.brief.name}: rolling back run ${event.undoes ?? ''}`);
      return info(`${event.brief.name}: ${event.workspaceDir}, at most ${formatUsd(event.budgetUsd)}`);
    case 'stage.entered':
      return info(`stage ${event.stage}`);
    case 'workspace.opened': {
      const dirty =
        event.dirtyFiles === 0 ? '' : `; ${plural(event.dirtyFiles, 'uncommitted change')} left out of the run`;
      return info(
        `${event.created ? 'new repository' : 'repository'} on ${event.branch} at ${short(event.baseCommit)}${dirty}`,
      );
    }
    case 'questions.asked':
      return event.questions.length === 0 ? [] : info(plural(event.questions.length, 'question'));
    case 'questions.answered':
      return event.answers.flatMap((answer) =>
        info(`question ${answer.questionId}: ${answer.text}${answer.source === 'default' ? ' (default)' : ''}`),
      );
    case 'plan.faulted':
      return bad(`plan refused, round ${event.round}: ${event.faults.join('; ')}`);
    case 'plan.proposed':
      return info(`plan: ${plural(event.plan.subtasks.length, 'subtask')}, ${estimateText(event.estimate)}`);
    case 'plan.approved':
      return good(`plan accepted${event.by === 'policy' ? ' (--yes)' : ''}`);
    case 'plan.rejected':
      return wait(`plan sent back: ${event.comment}`);
    case 'interfaces.written':
      return event.paths.length === 0 ? [] : info(`shared interfaces written: ${event.paths.join(', ')}`);
    case 'model.retried':
      return wait(
        `${event.model} ${event.kind}: try ${event.attempt + 1} in ${formatDuration(event.waitMs)}${ofSubtask(event.subtaskId)}`,
      );
    case 'model.called':
    case 'subtask.acted':
    case 'subtask.committed':
    case 'subtask.submitted':
    case 'wait.ended':
      return [];
    case 'pause.requested':
      return wait('pause asked for: model calls under way are let finish');
    case 'pause.ended':
      return info('pause ended');
    case 'budget.raised':
      return info(`budget raised to ${formatUsd(event.budgetUsd)}`);
    case 'wait.began':
      return wait(`waiting (${event.gate}): ${event.message}`);
    case 'run.completed':
      return good(event.url === null ? `complete after ${event.stoppedAfter}` : `complete: ${event.url}`);
    case 'run.failed':
      return bad(`failed: ${event.error.userMessage}`);
    case 'run.cancelled':
      return bad('cancelled');
    case 'run.rolled_back':
      return [
        ...wait(`rolled back by run ${event.by}: ${plural(event.done.length, 'change')}`),
        ...event.kept.flatMap((text) => wait(`kept: ${text}`)),
      ];
    default:
      return workLines(event);
  }
}

type WorkEvent = Extract<
  DomainEvent,
  { type: `subtask.${string}` | `merge.${string}` | `overlap.${string}` | `integration.${string}` | `diff.${string}` }
>;
type DeliveryEvent = Extract<
  DomainEvent,
  {
    type:
      | `changes.${string}`
      | `branch.${string}`
      | `pull_request.${string}`
      | `workflow.${string}`
      | `deployment.${string}`
      | `rollback.${string}`
      | `live.${string}`;
  }
>;
type Rest = Exclude<WorkEvent, { type: 'subtask.acted' | 'subtask.committed' | 'subtask.submitted' }> | DeliveryEvent;

function workLines(event: Rest): LogLine[] {
  switch (event.type) {
    case 'subtask.started':
      return info(`${event.subtaskId}: ${event.agentId} (${event.specialization}) begins`);
    case 'subtask.checked':
      return checked(event.subtaskId, event.evidence, event.faults);
    case 'subtask.reviewed': {
      const { verdict, summary, findings } = event.review;
      const count = findings.length === 0 ? '' : ` (${plural(findings.length, 'finding')})`;
      const text = `${event.subtaskId}: review round ${event.round}: ${verdict}${count}: ${summary}`;
      return verdict === 'approve' ? good(text) : wait(text);
    }
    case 'subtask.revised':
      return info(`${event.subtaskId}: revision ${event.round} with ${plural(event.findings.length, 'finding')}`);
    case 'subtask.approved':
      return good(`${event.subtaskId}: approved after ${plural(event.rounds, 'round')}`);
    case 'subtask.parked':
      return bad(`${event.subtaskId}: parked: ${event.reason}`);
    case 'subtask.failed':
      return bad(`${event.subtaskId}: failed: ${event.error.userMessage}`);
    case 'subtask.integrated':
      return good(`${event.subtaskId}: integrated, ${plural(event.files.length, 'file')} at ${short(event.commit)}`);
    case 'overlap.found':
      return wait(
        `${event.subtaskIds.join(' and ')} both change ${event.paths.join(', ')}${event.kind === 'conflict' ? ' in conflict' : ''}`,
      );
    case 'merge.conflicted':
      return wait(`${event.subtaskId}: merge conflict in ${event.paths.join(', ')}`);
    case 'merge.refused':
      return bad(`${event.subtaskId}: merge refused: ${event.missing.join(', ')}`);
    case 'merge.resolved':
      return good(`${event.subtaskId}: conflict resolved in ${event.paths.join(', ')}`);
    case 'integration.checked':
      return checked('integrated work', event.evidence, []);
    case 'diff.proposed':
      return info(`diff: ${plural(event.files.length, 'file')}, ${diffCounts(event.files)}`);
    case 'diff.approved':
      return good(`diff accepted${event.by === 'policy' ? ' (--yes)' : ''}`);
    case 'diff.rejected':
      return wait(`diff sent back: ${event.comment}`);
    default:
      return deliveryLines(event);
  }
}

function deliveryLines(event: DeliveryEvent): LogLine[] {
  switch (event.type) {
    case 'changes.landed':
      return good(`branch ${event.branch} at ${short(event.commit)}${event.note === '' ? '' : `: ${event.note}`}`);
    case 'branch.pushed':
      return good(`pushed ${event.branch} to ${event.remote}`);
    case 'pull_request.opened':
      return good(`pull request ${event.pullRequest.url}`);
    case 'pull_request.checked': {
      const failed = event.summary.runs.filter((run) => run.state === 'failed').map((run) => run.name);
      const text = `pull request checks: ${event.summary.state}${failed.length > 0 ? ` (${failed.join(', ')})` : ''}`;
      if (event.summary.state === 'stopped') return wait(text);
      return event.summary.state === 'failed' ? bad(text) : info(text);
    }
    case 'pull_request.reviewed':
      return [
        ...wait(`pull request ${event.number}: ${plural(event.findings.length, 'request')} to change something`),
        ...event.findings.flatMap(({ file, line, message }) => info(`${placeText(file, line)}${message}`)),
      ];
    case 'pull_request.noted':
      return event.comments.flatMap(({ author, why, text }) =>
        info(`comment of ${author} is not a request (${NOTED[why]}): ${firstLine(text)}`),
      );
    case 'pull_request.updated':
      return info(`pull request updated for ${UPDATES[event.reason]}, round ${event.round}, at ${short(event.commit)}`);
    case 'pull_request.held':
      return wait(`pull request not merged yet: ${event.reason}`);
    case 'pull_request.merged':
      return good(`pull request merged at ${short(event.commit)}`);
    case 'workflow.ran':
      return workflowLines(event.run);
    case 'deployment.previewed':
      return previewText(event.changes).flatMap((text, at) =>
        at === 0 && hasLosses(event.changes) ? wait(text) : info(text),
      );
    case 'deployment.approved':
      if (event.destructive)
        return good(`changes that lose data accepted${event.by === 'policy' ? ' (by setting)' : ''}`);
      return event.by === 'person' ? info('changes that lose data are left out') : [];
    case 'rollback.finished':
      return [
        ...good(`rolled back: ${plural(event.done.length, 'change')}`),
        ...event.done.flatMap((change) => info(changeText(change))),
        ...event.kept.flatMap((text) => wait(`kept: ${text}`)),
      ];
    case 'deployment.changing':
      return [];
    case 'deployment.started':
      return info(`deploying ${event.kind} ${event.id}`);
    case 'deployment.finished': {
      const { kind, id, status, url, durationMs } = event.deployment;
      const text = `${kind} ${id} ${status} after ${formatDuration(durationMs)}${url === null ? '' : `: ${url}`}`;
      const domains = event.deployment.domains.filter(({ state }) => state !== 'verified');
      return [
        ...(status === 'ready' ? good(text) : bad(text)),
        ...domains.flatMap(({ domain, remedy }) => wait(`domain ${domain} is not verified: ${remedy}`)),
      ];
    }
    case 'live.verified':
      return event.results.flatMap((result) => {
        const text = `live ${result.method} ${result.url}: ${result.status ?? 'no answer'}, ${result.detail}`;
        return result.passed ? good(text) : bad(text);
      });
    default:
      return assertNever(event);
  }
}

const UPDATES = { checks: 'failed checks', review: 'a review', base: 'a base branch that has moved' } as const;

function placeText(file: string, line: number): string {
  if (file === '') return '';
  return line === 0 ? `${file}: ` : `${file}:${line}: `;
}

/** Their number only: the gate shows them all. */
function workflowLines({ workflow, state, url, jobs }: WorkflowRun): LogLine[] {
  const failed = jobs.filter((job) => job.state === 'failed').map(({ name }) => name);
  const text = `workflow ${workflow}: ${state}${failed.length === 0 ? '' : ` (${failed.join(', ')})`}: ${url}`;
  if (state === 'pending') return info(text);
  return state === 'passed' ? good(text) : bad(text);
}

function checked(what: string, evidence: readonly Evidence[], faults: readonly string[]): LogLine[] {
  const failed = evidence.filter((entry) => entry.outcome !== 'passed');
  if (failed.length === 0 && faults.length === 0) return good(`${what}: checks passed (${evidence.length})`);
  const reasons = [
    ...failed.map((entry) => `${entry.name} ${entry.exitCode === null ? entry.outcome : `exit ${entry.exitCode}`}`),
    ...faults,
  ];
  return bad(`${what}: checks failed: ${reasons.join('; ')}`);
}

function ofSubtask(subtaskId: string | null): string {
  return subtaskId === null ? '' : ` (${subtaskId})`;
}

export function diffCounts(files: readonly { addedLines: number; removedLines: number }[]): string {
  const sum = (key: 'addedLines' | 'removedLines') => files.reduce((total, file) => total + file[key], 0);
  return `+${sum('addedLines')} −${sum('removedLines')}`;
}

export function estimateText(estimate: Extract<DomainEvent, { type: 'plan.proposed' }>['estimate']): string {
  const cost =
    estimate.costUsd === null
      ? 'cost unknown'
      : `${formatUsd(estimate.costUsd.low)} to ${formatUsd(estimate.costUsd.high)}`;
  const tokens = `${formatTokens(estimate.tokens.low)} to ${formatTokens(estimate.tokens.high)} tokens`;
  return `${cost}, ${tokens}, ${formatDuration(estimate.wallMs.low)} to ${formatDuration(estimate.wallMs.high)}`;
}

function assertNever(event: never): never {
  throw new Error(`unknown event ${JSON.stringify(event)}`);
}
