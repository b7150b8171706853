import type { DomainEvent } from '../../src/protocol/events.ts';
import { lossesOf } from '../../src/protocol/losses.ts';
import type { DeploymentChange, NotedComment } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { countChecks, countFindings, formatPair } from './counts.ts';
import { type LogLine, line, shortCommit } from './log-entry.ts';
import { remedyOf } from './remedy.ts';
import { deploymentName, updateReason } from './words.ts';

export type DeliveryEvent = Extract<
  DomainEvent,
  {
    type:
      | `changes.${string}`
      | `branch.${string}`
      | `pull_request.${string}`
      | `deployment.${string}`
      | `live.${string}`
      | `workflow.${string}`
      | `rollback.${string}`;
  }
>;

export const isDelivery = (event: DomainEvent): event is DeliveryEvent =>
  /^(changes|branch|pull_request|deployment|live|workflow|rollback)\./.test(event.type);

export function deliveryLine(event: DeliveryEvent): LogLine {
  switch (event.type) {
    case 'changes.landed':
      return line('success', `${t('Branch {0} is at {1}', event.branch, shortCommit(event.commit))}. ${event.note}`);
    case 'branch.pushed':
      return line('success', t('Branch {0} pushed to {1}', event.branch, event.remote));
    case 'pull_request.opened':
      return line('success', t('Pull request {0} opened', event.pullRequest.number));
    case 'pull_request.checked':
      return forgeChecked(event);
    case 'pull_request.reviewed':
      return line(
        'warning',
        t('Reviewers of pull request {0}: {1}', event.number, countFindings(event.findings.length)),
        {
          remedy: t('An agent settles them; they are under Results.'),
        },
      );
    case 'pull_request.noted':
      return line('detail', event.comments.map(notedText).join('; '));
    case 'pull_request.updated':
      return line('info', `${updateReason(event.reason, event.round)}: ${shortCommit(event.commit)}`);
    case 'pull_request.held':
      return line('warning', t('The pull request is not merged yet: {0}', event.reason), {
        remedy: t('The run goes on by itself when nothing is in the way any more.'),
      });
    case 'pull_request.merged':
      return line('success', t('Pull request {0} merged at {1}', event.pullRequest.number, shortCommit(event.commit)));
    case 'workflow.ran':
      return workflowRan(event);
    case 'deployment.previewed':
      return previewed(event);
    case 'deployment.approved':
      return line(event.destructive ? 'warning' : 'info', approvedText(event));
    case 'rollback.finished':
      return line('success', t('Rolled back: {0} undone, {1} left as it is', event.done.length, event.kept.length));
    case 'deployment.changing':
      return line('detail', t('Changing {0}', deploymentName(event.kind, event.id)));
    case 'deployment.started':
      return line('info', t('Deploying {0}', deploymentName(event.kind, event.id)));
    case 'deployment.finished': {
      const { kind, id, status, durationMs } = event.deployment;
      const name = deploymentName(kind, id);
      return status === 'ready'
        ? line('success', formatPair(t('Deployed {0}', name), durationMs))
        : line('failure', formatPair(t('Deployment failed: {0}', name), durationMs), {
            remedy: remedyOf('deployment_failed').text,
          });
    }
    case 'live.verified': {
      const failed = event.results.filter(({ passed }) => !passed);
      if (failed.length === 0) return line('success', t('Live: {0} passed', countChecks(event.results.length)));
      const reasons = failed.map(({ method, url, detail }) => `${method} ${url}: ${detail}`).join('; ');
      return line('failure', t('Live checks failed: {0}', reasons), { remedy: remedyOf('live_check_failed').text });
    }
    default:
      return assertNever(event);
  }
}

function notedText({ author, text, why }: NotedComment): string {
  const reasons: Record<NotedComment['why'], string> = {
    untrusted: t('not of a person who may write to the repository'),
    no_request: t('no line begins with /revise'),
    settled: t('approved since'),
    empty: t('does not say what to change'),
  };
  return t('Comment of {0} is not a request ({1}): {2}', author, reasons[why], text.replaceAll(/\s+/g, ' '));
}

function forgeChecked({ summary }: Extract<DomainEvent, { type: 'pull_request.checked' }>): LogLine {
  switch (summary.state) {
    case 'none':
      return line('info', t('The pull request has no checks'));
    case 'pending':
      return line('detail', t('Checks of the pull request are under way'));
    case 'passed':
      return line('success', t('Pull request: {0} passed', countChecks(summary.runs.length)));
    case 'failed': {
      const names = summary.runs.filter(({ state }) => state === 'failed').map(({ name }) => name);
      return line('failure', t('Pull request: checks failed: {0}', names.join(', ')), {
        remedy: t('Open the check to see why; it is under Results.'),
      });
    }
    case 'stopped': {
      const names = summary.runs.filter(({ state }) => state === 'stopped').map(({ name }) => name);
      return line('warning', t('Pull request: checks ended without a result: {0}', names.join(', ')), {
        remedy: t('Run them again or approve them on GitHub; the run then goes on by itself.'),
      });
    }
    default:
      return assertNever(summary.state);
  }
}

function workflowRan({ run }: Extract<DomainEvent, { type: 'workflow.ran' }>): LogLine {
  switch (run.state) {
    case 'pending':
      return line('detail', t('Workflow {0} is under way', run.workflow));
    case 'passed':
      return line('success', t('Workflow {0} passed', run.workflow));
    case 'failed': {
      const names = run.jobs.filter(({ state }) => state === 'failed').map(({ name }) => name);
      return line('failure', t('Workflow {0} failed: {1}', run.workflow, names.join(', ') || t('no job says why')), {
        remedy: t('Its log is under Results.'),
      });
    }
    default:
      return assertNever(run.state);
  }
}

function previewed({ changes }: Extract<DomainEvent, { type: 'deployment.previewed' }>): LogLine {
  if (changes.length === 0) return line('info', t('Preview: everything is there already'));
  const count = (action: DeploymentChange['action']) => changes.filter((change) => change.action === action).length;
  const text = t(
    'Preview: {0} to create, {1} to change, {2} to delete',
    count('create'),
    count('change'),
    count('delete'),
  );
  const lost = lossesOf({ preview: { changes, irreversible: [] } }).length;
  return lost === 0
    ? line('info', text)
    : line('warning', `${text}; ${lost === 1 ? t('1 change loses something') : t('{0} changes lose something', lost)}`);
}

function approvedText({ by, destructive }: Extract<DomainEvent, { type: 'deployment.approved' }>): string {
  if (destructive) return t('Changes that lose something are approved');
  return by === 'person' ? t('Goes on without the changes that lose something') : t('Changes approved by policy');
}

function assertNever(value: never): never {
  throw new Error(`no line for ${JSON.stringify(value)}`);
}
