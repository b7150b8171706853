import type { Gate } from '../../protocol/events.ts';
import type { RunView, Waiting } from '../../protocol/view.ts';
import type { CommandName } from '../ids.ts';
import { waitLines, waitWords } from '../trees/inbox-rows.ts';
import {
  clockText,
  isUnfinished,
  rolledBackText,
  runName,
  stageText,
  statusText,
  usdText,
  type Wording,
} from '../trees/wording.ts';
import { escaped, shortened } from './markdown.ts';
import type { ChatPart, ChatTarget } from './parts.ts';

/** Runs that are written out; of the others only the number. */
const MAX_RUNS = 8;
const MAX_MESSAGE_CHARS = 400;

/** How the runs of this window stand, unfinished ones first. `views`: newest first. */
export function statusParts(wording: Wording, views: readonly RunView[], nowMs: number): ChatPart[] {
  const { l10n } = wording;
  if (views.length === 0) {
    const text = l10n.t('There are no runs in this window. Use /start and a few words to make a brief.');
    return [{ kind: 'text', markdown: escaped(text) }];
  }
  const ordered = [...views.filter(isUnfinished), ...views.filter((view) => !isUnfinished(view))];
  const parts = ordered.slice(0, MAX_RUNS).flatMap((view) => runParts(wording, view, nowMs));
  const rest = ordered.length - MAX_RUNS;
  if (rest > 0) parts.push({ kind: 'text', markdown: `${escaped(l10n.t('Older runs: {0}', rest))}\n\n` });
  return parts;
}

function runParts(wording: Wording, view: RunView, nowMs: number): ChatPart[] {
  const waits = isUnfinished(view) ? view.waiting : [];
  const lines = [headline(wording, view), ...waits.map((wait) => `- ${waitLine(wording, view, wait, nowMs)}`)];
  if (view.error !== null) lines.push(`- ${shortened(view.error.userMessage, MAX_MESSAGE_CHARS)}`);
  const parts: ChatPart[] = [{ kind: 'text', markdown: `${lines.join('\n')}\n\n` }];
  for (const wait of waits) parts.push(waitButton(wording, view, wait));
  if (view.url !== null) {
    const title = wording.l10n.t('Open the live application');
    parts.push({ kind: 'button', command: 'openLive', title, target: { runId: view.runId } });
  }
  return parts;
}

function headline(wording: Wording, view: RunView): string {
  const { l10n } = wording;
  const subtasks = Object.values(view.subtasks);
  const done = subtasks.filter(({ state }) => state === 'integrated').length;
  const facts = [
    statusText(wording, view.status),
    ...[rolledBackText(wording, view) ?? []].flat(),
    ...(isUnfinished(view) ? [stageText(wording, view.stage)] : []),
    ...(subtasks.length === 0 ? [] : [l10n.t('{0} of {1} integrated', done, subtasks.length)]),
    l10n.t('{0} of {1}', usdText(wording, view.cost.usd), usdText(wording, view.budgetUsd)),
    ...(view.cost.unpricedCalls === 0 ? [] : [l10n.t('{0} calls of unknown price', view.cost.unpricedCalls)]),
  ];
  return `**${escaped(runName(wording, view))}**: ${facts.map(escaped).join(', ')}`;
}

export function waitLine(wording: Wording, view: RunView, wait: Waiting, nowMs: number): string {
  const { label } = waitWords(wording, view, wait);
  const since = wording.l10n.t('since {0}', clockText(wording, wait.since, nowMs));
  return `**${escaped(label)}** ${escaped(`(${since})`)}: ${shortened(waitLines(wording, view, wait).join('; '), MAX_MESSAGE_CHARS)}`;
}

export function targetOf(view: RunView, { gate, topic, waitOn }: Waiting): ChatTarget {
  return { runId: view.runId, gate, topic, waitOn };
}

function waitButton(wording: Wording, view: RunView, wait: Waiting): ChatPart {
  const [command, title] = buttonOf(wording, wait.gate);
  return { kind: 'button', command, title, target: targetOf(view, wait) };
}

function buttonOf({ l10n }: Wording, gate: Gate): [CommandName, string] {
  switch (gate) {
    case 'questions':
      return ['answerQuestions', l10n.t('Answer')];
    case 'plan':
      return ['showPlan', l10n.t('Show the plan')];
    case 'diff':
      return ['reviewChanges', l10n.t('Review the changes')];
    case 'subtask':
      return ['decideSubtask', l10n.t('Decide')];
    case 'deployment':
      return ['decideDeployment', l10n.t('Decide')];
    case 'resume':
      return ['resume', l10n.t('Resume')];
  }
}
