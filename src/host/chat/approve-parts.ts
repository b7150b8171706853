import type { RunView, Waiting } from '../../protocol/view.ts';
import type { CommandName } from '../ids.ts';
import { isUnfinished, runName, usdText, type Wording } from '../trees/wording.ts';
import { escaped, shortened } from './markdown.ts';
import type { ChatPart } from './parts.ts';
import { targetOf, waitLine } from './status-parts.ts';

/** What would be approved, and buttons for the commands that ask before they do it. */
export function approveParts(wording: Wording, views: readonly RunView[], nowMs: number): ChatPart[] {
  const waits = views
    .filter(isUnfinished)
    .flatMap((view) => view.waiting.map((wait) => ({ view, wait })))
    .filter(({ wait }) => wait.gate !== 'questions' && wait.gate !== 'resume');
  if (waits.length === 0) {
    return [{ kind: 'text', markdown: escaped(wording.l10n.t('Nothing waits for your approval.')) }];
  }
  return waits.flatMap(({ view, wait }) => {
    const about = [`**${escaped(runName(wording, view))}**`, `- ${waitLine(wording, view, wait, nowMs)}`];
    const text: ChatPart = {
      kind: 'text',
      markdown: `${[...about, ...details(wording, view, wait)].join('\n')}\n\n`,
    };
    const buttons = buttonsOf(wording, wait).map(
      ([command, title]): ChatPart => ({ kind: 'button', command, title, target: targetOf(view, wait) }),
    );
    return [text, ...buttons];
  });
}

const MAX_SUBTASKS = 20;

function details(wording: Wording, view: RunView, wait: Waiting): string[] {
  const { l10n } = wording;
  if (wait.gate === 'plan' && view.plan !== null) {
    const { subtasks, summary } = view.plan;
    const cost = view.estimate?.costUsd ?? null;
    return [
      `- ${shortened(summary, 400)}`,
      ...subtasks.slice(0, MAX_SUBTASKS).map(({ title }) => `  - ${shortened(title, 120)}`),
      ...(subtasks.length > MAX_SUBTASKS ? [`  - ${escaped(l10n.t('{0} more', subtasks.length - MAX_SUBTASKS))}`] : []),
      ...(cost === null
        ? []
        : [`- ${escaped(l10n.t('Estimate: {0} to {1}', usdText(wording, cost.low), usdText(wording, cost.high)))}`]),
    ];
  }
  if (wait.gate === 'diff' && view.diff !== null) {
    const { files } = view.diff;
    const added = files.reduce((sum, file) => sum + file.addedLines, 0);
    const removed = files.reduce((sum, file) => sum + file.removedLines, 0);
    return [`- ${escaped(l10n.t('{0} files: {1} lines added, {2} removed', files.length, added, removed))}`];
  }
  return [];
}

function buttonsOf({ l10n }: Wording, wait: Waiting): [CommandName, string][] {
  if (wait.gate === 'plan') {
    return [
      ['approvePlan', l10n.t('Approve the plan')],
      ['showPlan', l10n.t('Show the plan')],
    ];
  }
  if (wait.gate === 'diff') {
    return [
      ['reviewChanges', l10n.t('Review the changes')],
      ['acceptAll', l10n.t('Accept all changes')],
    ];
  }
  if (wait.gate === 'deployment') {
    return [
      ['decideDeployment', l10n.t('Decide')],
      ['showDashboard', l10n.t('Show the preview')],
    ];
  }
  return [['decideSubtask', l10n.t('Decide')]];
}
