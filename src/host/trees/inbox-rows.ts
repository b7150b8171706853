import type { RunView, Waiting } from '../../protocol/view.ts';
import { lossTexts } from '../commands/change-text.ts';
import { plainLine } from '../commands/plain.ts';
import type { CommandName } from '../ids.ts';
import { joined, type Row, type RowIcon, subtaskOfWait } from './nodes.ts';
import { clockText, isUnfinished, runName, type Wording } from './wording.ts';

/** What somebody has to do, in a few words. */
export interface WaitWords {
  label: string;
  icon: RowIcon;
  command: CommandName;
}

const PERSON = 'charts.yellow';
// `charts.orange` is hardly visible in the editor's own themes.
const TROUBLE = 'notificationsWarningIcon.foreground';
const FAILURE = 'charts.red';

export function waitWords({ l10n }: Wording, view: RunView, wait: Waiting): WaitWords {
  const icon = (id: string, color = PERSON): RowIcon => ({ id, color });
  switch (wait.gate) {
    case 'questions': {
      const count = view.questions.length;
      const label = count === 1 ? l10n.t('Answer a question') : l10n.t('Answer {0} questions', count);
      return { label, icon: icon('question'), command: 'answerQuestions' };
    }
    case 'plan':
      return { label: l10n.t('Approve the plan'), icon: icon('list-tree'), command: 'showPlan' };
    case 'diff':
      return { label: l10n.t('Review the changes'), icon: icon('diff-multiple'), command: 'reviewChanges' };
    case 'subtask': {
      const subtaskId = subtaskOfWait(view, wait);
      const title = subtaskId === null ? null : plainLine(view.subtasks[subtaskId]?.title ?? subtaskId, 60);
      const label = title === null ? l10n.t('Decide about a subtask') : l10n.t('Decide about "{0}"', title);
      return { label, icon: icon('git-pull-request-go-to-changes'), command: 'decideSubtask' };
    }
    case 'deployment': {
      const label =
        view.purpose === 'rollback'
          ? l10n.t('Decide what the rollback may lose')
          : l10n.t('Decide what the deployment may lose');
      return { label, icon: icon('rocket', TROUBLE), command: 'decideDeployment' };
    }
    case 'resume': {
      const [label, id, color] = conditionWords({ l10n }, wait.code);
      return { label, icon: icon(id, color), command: 'resume' };
    }
  }
}

/** The run's own words, or what would be lost, a line each: the preview says it in the person's language. */
export function waitLines(wording: Wording, view: RunView, wait: Waiting): string[] {
  const losses = wait.gate === 'deployment' ? lossTexts(wording, view) : [];
  return losses.length === 0 ? [wait.message] : losses;
}

/** What has to change before the run can go on. */
function conditionWords({ l10n }: Pick<Wording, 'l10n'>, code: string | null): [string, string, string] {
  switch (code) {
    case 'paused':
      return [l10n.t('Resume the paused run'), 'debug-pause', PERSON];
    case 'budget_exceeded':
      return [l10n.t('Raise the budget'), 'credit-card', TROUBLE];
    case 'quota_exhausted':
      return [l10n.t('Credit or quota is used up'), 'credit-card', TROUBLE];
    case 'auth':
      return [l10n.t('A key or a right is missing'), 'key', TROUBLE];
    case 'rate_limited':
    case 'overloaded':
      return [l10n.t('A limit of the provider is reached'), 'watch', TROUBLE];
    case 'server':
    case 'transport':
    case 'timeout':
      return [l10n.t('A service does not answer'), 'debug-disconnect', TROUBLE];
    case 'refusal':
      return [l10n.t('The model refused to answer'), 'circle-slash', TROUBLE];
    case 'git_failed':
    case 'files_refused':
      return [l10n.t('A Git step failed'), 'git-commit', FAILURE];
    case 'forge_failed':
      return [l10n.t('A step on GitHub failed'), 'github', FAILURE];
    case 'checks_failed':
      return [l10n.t('Checks failed'), 'beaker', FAILURE];
    case 'deployment_failed':
      return [l10n.t('The deployment failed'), 'rocket', FAILURE];
    case 'live_check_failed':
      return [l10n.t('The live application does not answer as planned'), 'globe', FAILURE];
    case 'not_found':
    case 'configuration':
      return [l10n.t('Something is not set up'), 'gear', TROUBLE];
    default:
      return [l10n.t('A step failed: try it again'), 'debug-restart', FAILURE];
  }
}

/** Everything that waits, longest first. */
export function inboxRows(wording: Wording, views: readonly RunView[], nowMs: number): Row[] {
  const waits = views.filter(isUnfinished).flatMap((view) => view.waiting.map((wait) => ({ view, wait })));
  return waits
    .sort((a, b) => a.wait.since.localeCompare(b.wait.since))
    .map(({ view, wait }) => waitRow(wording, view, wait, nowMs));
}

function waitRow(wording: Wording, view: RunView, wait: Waiting, nowMs: number): Row {
  const { label, icon, command } = waitWords(wording, view, wait);
  const { gate, topic, waitOn } = wait;
  const description = joined([
    runName(wording, view),
    wording.l10n.t('since {0}', clockText(wording, wait.since, nowMs)),
  ]);
  return {
    node: {
      kind: 'wait',
      id: `wait ${view.runId} ${waitOn} ${topic}`,
      runId: view.runId,
      gate,
      topic,
      waitOn,
      subtaskId: subtaskOfWait(view, wait),
    },
    label,
    description,
    icon,
    context: `gate-${gate}`,
    folding: 'none',
    click: { command, title: label },
    badge: null,
    speech: joined([label, description], ', '),
    children: [],
  };
}
