import type { DomainEvent, EventRecord } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { formatDuration, formatMoney, formatRange, formatTokens } from '../ui/format.ts';
import { countFiles, countQuestions, countSubtasks } from './counts.ts';
import { type LogLine, line, shortCommit } from './log-entry.ts';
import { deliveryLine, isDelivery } from './log-line-delivery.ts';
import { isWork, workLine } from './log-line-work.ts';
import { remedyOf } from './remedy.ts';
import { gateName, stageWord } from './words.ts';

/** One line of the log for a record. Pure; every type of event has one. */
export function logLine({ event }: EventRecord): LogLine {
  if (isWork(event)) return workLine(event);
  if (isDelivery(event)) return deliveryLine(event);
  return runLine(event);
}

type RunEvent = Exclude<DomainEvent, Parameters<typeof workLine>[0] | Parameters<typeof deliveryLine>[0]>;

function runLine(event: RunEvent): LogLine {
  switch (event.type) {
    case 'run.started':
      return line('info', t('Run of "{0}" started; cap {1}', event.brief.name, formatMoney(event.budgetUsd)));
    case 'stage.entered':
      return line('info', t('Stage: {0}', stageWord(event.stage)));
    case 'workspace.opened':
      return opened(event);
    case 'questions.asked':
      return line('info', t('The lead asks {0}', countQuestions(event.questions.length)));
    case 'questions.answered': {
      const byPerson = event.answers.filter(({ source }) => source === 'person').length;
      return line(
        'info',
        t('Questions answered: {0} by a person, {1} by default', byPerson, event.answers.length - byPerson),
      );
    }
    case 'plan.faulted':
      return line('warning', t('Plan refused in round {0}: {1}', event.round, event.faults.join('; ')), {
        remedy: t('The lead is asked to mend it.'),
      });
    case 'plan.proposed': {
      const { tokens, costUsd } = event.estimate;
      const cost = costUsd === null ? t('cost unknown') : formatRange(costUsd, formatMoney);
      const expected = `${cost}, ${t('{0} tokens', formatRange(tokens, formatTokens))}`;
      return line('info', t('Plan proposed: {0}; expected {1}', countSubtasks(event.plan.subtasks.length), expected));
    }
    case 'plan.approved':
      return line('success', event.by === 'person' ? t('Plan approved') : t('Plan approved by policy'));
    case 'plan.rejected':
      return line('warning', t('Plan sent back: {0}', event.comment));
    case 'interfaces.written':
      return line('info', t('Shared interfaces written: {0}', event.paths.join(', ') || t('none')));
    case 'model.called':
      return called(event);
    case 'model.retried':
      return line(
        'warning',
        t(
          '{0} did not answer ({1}); try {2} in {3}',
          event.model,
          event.kind,
          event.attempt + 1,
          formatDuration(event.waitMs),
        ),
        { subtaskId: event.subtaskId, agentId: event.agentId ?? null, remedy: remedyOf(event.kind).text },
      );
    case 'wait.began':
      return line('warning', t('Waiting for {0}: {1}', gateName(event.gate), event.message), {
        remedy: event.code === null ? t('Decide under "Waiting for you".') : remedyOf(event.code).text,
      });
    case 'wait.ended':
      return line('detail', t('Goes on after waiting for {0}', gateName(event.gate)));
    case 'pause.requested':
      return line('warning', t('Pause asked for; calls under way are let finish'), { remedy: remedyOf('paused').text });
    case 'pause.ended':
      return line('info', t('Resumed'));
    case 'budget.raised':
      return line('info', t('Cap raised to {0}', formatMoney(event.budgetUsd)));
    case 'run.completed':
      return line(
        'success',
        event.url === null
          ? t('Complete after stage: {0}', stageWord(event.stoppedAfter))
          : t('Complete: {0}', event.url),
      );
    case 'run.failed':
      return line('failure', t('Run failed: {0}', event.error.userMessage), {
        remedy: remedyOf(event.error.code).text,
      });
    case 'run.cancelled':
      return line('warning', t('Run cancelled; its work is kept'));
    case 'run.rolled_back':
      return line('warning', t('Rolled back: {0} undone, {1} left as it is', event.done.length, event.kept.length));
    default:
      return assertNever(event);
  }
}

function opened(event: Extract<DomainEvent, { type: 'workspace.opened' }>): LogLine {
  const at = shortCommit(event.baseCommit);
  const text = event.created
    ? t('New repository on branch {0} at {1}', event.branch, at)
    : t('Repository on branch {0} at {1}', event.branch, at);
  if (event.dirtyFiles === 0) return line('info', text);
  return line(
    'info',
    `${text}; ${t('{0} with uncommitted changes left out of the run', countFiles(event.dirtyFiles))}`,
  );
}

function called(event: Extract<DomainEvent, { type: 'model.called' }>): LogLine {
  const cost = event.costUsd === null ? t('price unknown') : formatMoney(event.costUsd);
  const tokens = formatTokens(event.usage.inputTokens + event.usage.outputTokens);
  const text = t(
    '{0}: {1} ({2} tokens, {3}, {4})',
    event.model,
    event.purpose,
    tokens,
    cost,
    formatDuration(event.durationMs),
  );
  return line('detail', text, {
    subtaskId: event.subtaskId,
    agentId: event.agentId ?? (event.role === 'lead' ? 'lead' : null),
  });
}

function assertNever(event: never): never {
  throw new Error(`no line for event ${JSON.stringify(event)}`);
}
