import type { DomainEvent } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { countChecks, formatPair } from './counts.ts';
import { type LogLine, line, shortCommit } from './log-entry.ts';
import { remedyOf } from './remedy.ts';
import { deploymentName } from './words.ts';

export type DeliveryEvent = Extract<
  DomainEvent,
  {
    type:
      | `changes.${string}`
      | `branch.${string}`
      | `pull_request.${string}`
      | `deployment.${string}`
      | `live.${string}`;
  }
>;

export const isDelivery = (event: DomainEvent): event is DeliveryEvent =>
  /^(changes|branch|pull_request|deployment|live)\./.test(event.type);

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
    case 'pull_request.merged':
      return line('success', t('Pull request {0} merged at {1}', event.pullRequest.number, shortCommit(event.commit)));
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
    default:
      return assertNever(summary.state);
  }
}

function assertNever(value: never): never {
  throw new Error(`no line for ${JSON.stringify(value)}`);
}
