import type { DomainEvent } from '../../src/protocol/events.ts';
import type { ChangedFile, Evidence } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { countChecks, countFiles, countFindings, countRounds } from './counts.ts';
import { type LogLine, line, shortCommit } from './log-entry.ts';
import { remedyOf } from './remedy.ts';

export type WorkEvent = Extract<
  DomainEvent,
  { type: `subtask.${string}` | `merge.${string}` | `overlap.${string}` | `integration.${string}` | `diff.${string}` }
>;

export const isWork = (event: DomainEvent): event is WorkEvent =>
  /^(subtask|merge|overlap|integration|diff)\./.test(event.type);

export function workLine(event: WorkEvent): LogLine {
  switch (event.type) {
    case 'subtask.started':
      return line('info', t('{0} begins', event.agentId), about(event));
    case 'subtask.acted':
      return event.failed
        ? line('warning', t('{0} failed', event.action), {
            ...about(event),
            remedy: t('The agent sees the error and goes on.'),
          })
        : line('detail', event.action, about(event));
    case 'subtask.committed':
      return line('detail', t('Commit {0}: {1}', shortCommit(event.commit), sizeOf(event.files)), about(event));
    case 'subtask.submitted':
      return line('detail', t('The agent says that it is done.'), about(event));
    case 'subtask.checked':
      return checked(event.evidence, event.faults, event.subtaskId);
    case 'subtask.reviewed': {
      const { verdict, summary, findings } = event.review;
      return verdict === 'approve'
        ? line('success', t('Review round {0}: approved. {1}', event.round, summary), about(event))
        : line(
            'warning',
            t('Review round {0}: {1} to settle. {2}', event.round, countFindings(findings.length), summary),
            {
              ...about(event),
              remedy: t('The findings go back to the agent.'),
            },
          );
    }
    case 'subtask.revised':
      return line(
        'info',
        t('Round {0} begins with {1}', event.round, countFindings(event.findings.length)),
        about(event),
      );
    case 'subtask.approved':
      return line('success', t('Approved after {0}', countRounds(event.rounds)), about(event));
    case 'subtask.parked':
      return line('failure', t('Parked: {0}', event.reason), {
        ...about(event),
        remedy: t('Decide under "Waiting for you".'),
      });
    case 'subtask.failed':
      return line('failure', t('Failed: {0}', event.error.userMessage), {
        ...about(event),
        remedy: remedyOf(event.error.code).text,
      });
    case 'subtask.integrated':
      return line('success', t('Integrated at {0}: {1}', shortCommit(event.commit), sizeOf(event.files)), about(event));
    case 'overlap.found': {
      const [one, other] = event.subtaskIds;
      const paths = event.paths.join(', ');
      return event.kind === 'conflict'
        ? line('warning', t('{0} and {1} conflict in {2}', one, other, paths), {
            subtaskId: one,
            otherSubtaskId: other,
            remedy: t('An agent joins both when they are integrated.'),
          })
        : line('info', t('{0} and {1} both change {2}', one, other, paths), { subtaskId: one, otherSubtaskId: other });
    }
    case 'merge.conflicted':
      return line('warning', t('Merge conflict in {0}', event.paths.join(', ')), {
        ...about(event),
        remedy: t('An agent joins both when they are integrated.'),
      });
    case 'merge.refused':
      return line('failure', t('Merge refused: {0}', event.missing.join(', ')), {
        ...about(event),
        remedy: remedyOf('merge_refused').text,
      });
    case 'merge.resolved':
      return line('success', t('Conflict resolved in {0}', event.paths.join(', ')), about(event));
    case 'integration.checked':
      return checked(event.evidence, [], null);
    case 'diff.proposed':
      return line('info', t('Changes ready for review: {0}', sizeOf(event.files)));
    case 'diff.approved':
      return line('success', event.by === 'person' ? t('Changes accepted') : t('Changes accepted by policy'));
    case 'diff.rejected':
      return line('warning', t('Changes sent back: {0}', event.comment));
    default:
      return assertNever(event);
  }
}

function about(event: { subtaskId: string; agentId?: string }): Pick<LogLine, 'subtaskId' | 'agentId'> {
  return { subtaskId: event.subtaskId, agentId: event.agentId ?? null };
}

function sizeOf(files: readonly ChangedFile[]): string {
  const sum = (key: 'addedLines' | 'removedLines') => files.reduce((total, file) => total + file[key], 0);
  return `${countFiles(files.length)}, +${sum('addedLines')} −${sum('removedLines')}`;
}

function checked(evidence: readonly Evidence[], faults: readonly string[], subtaskId: string | null): LogLine {
  const failed = evidence.filter(({ outcome }) => outcome !== 'passed');
  if (failed.length === 0 && faults.length === 0)
    return line(
      'success',
      subtaskId === null
        ? t('Integrated work: {0} passed', countChecks(evidence.length))
        : t('{0} passed', countChecks(evidence.length)),
      { subtaskId },
    );
  const reasons = [
    ...failed.map(
      ({ name, exitCode, outcome }) => `${name} (${exitCode === null ? outcome : t('exit code {0}', exitCode)})`,
    ),
    ...faults,
  ];
  return line(
    'failure',
    subtaskId === null
      ? t('Integrated work: checks failed: {0}', reasons.join('; '))
      : t('Checks failed: {0}', reasons.join('; ')),
    {
      subtaskId,
      remedy: t('The output goes back to the agent; it is under Results, Evidence.'),
    },
  );
}

function assertNever(event: never): never {
  throw new Error(`no line for event ${JSON.stringify(event)}`);
}
