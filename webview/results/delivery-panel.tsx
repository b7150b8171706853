import { useState } from 'preact/hooks';
import type { Deployment } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { shortCommit } from '../progress/log-entry.ts';
import { part } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { deploymentName, forgeSign } from '../progress/words.ts';
import { ask, bridge, runId } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { formatDuration } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { Lines } from './output-view.tsx';

const branch = part('branch');
const pullRequest = part('pullRequest');
const forgeChecks = part('forgeChecks');
const mergeCommit = part('mergeCommit');
const deployments = part('deployments');
const live = part('live');
const SHORT_SUMMARY = 80;

/** Branch, pull request and its checks. */
export function PullRequestPanel() {
  const id = runId.value;
  const request = pullRequest.value;
  const checks = forgeChecks.value?.runs ?? [];
  return (
    <Section
      title={t('Pull request')}
      class="pull-request"
      actions={
        request === null || id === null ? undefined : (
          <Button icon="link" onClick={() => ask(bridge.call('open', { target: { kind: 'pull_request', runId: id } }))}>
            {t('Open pull request')}
          </Button>
        )
      }
    >
      {branch.value === null ? null : <p>{t('Branch {0}', branch.value)}</p>}
      {request === null ? (
        <p class="muted">{t('A pull request is opened after the changes are accepted and pushed.')}</p>
      ) : (
        <p>
          <strong>#{request.number}</strong> {request.headBranch} → {request.baseBranch}{' '}
          <span class={`sign ${request.state === 'merged' ? 'tone-good' : ''}`}>
            {{ open: t('Open, not merged'), merged: t('Merged'), closed: t('Closed') }[request.state]}
          </span>
          {mergeCommit.value === null ? null : <code class="muted"> {shortCommit(mergeCommit.value)}</code>}
        </p>
      )}
      {request === null ? null : checks.length === 0 ? (
        <p class="muted">{t('The repository runs no checks on it.')}</p>
      ) : (
        <ul class="checks">
          {checks.map((check, index) => (
            <li key={check.name} class="check-line">
              <SignLabel sign={forgeSign(check.state)} />
              <CheckText name={check.name} summary={check.summary} />
              {check.url === null || id === null ? null : (
                <IconButton
                  label={t('Open check')}
                  about={check.name}
                  icon="link"
                  onClick={() => ask(bridge.call('open', { target: { kind: 'forge_check', runId: id, index } }))}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Some checks put their whole output into the summary. */
function CheckText({ name, summary }: { name: string; summary: string }) {
  const [isOpen, setOpen] = useState(false);
  if (summary.length <= SHORT_SUMMARY && !summary.includes('\n')) {
    return (
      <span class="check-name">
        {name} <span class="muted">{summary}</span>
      </span>
    );
  }
  return (
    <details class="check-name" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name}</summary>
      {isOpen ? <Lines text={summary} label={t('Summary of {0}', name)} /> : null}
    </details>
  );
}

/** What was deployed, with the logs, and the requests that were made to it. */
export function DeploymentPanel() {
  const list = deployments.value ?? [];
  const results = live.value ?? [];
  return (
    <Section title={t('Deployment')} class="deployment">
      {list.length === 0 ? (
        <p class="muted">{t('Nothing has been deployed. Deployment follows the merged pull request.')}</p>
      ) : (
        <ul class="checks">
          {list.map((deployment, index) => (
            <DeploymentRow key={`${deployment.id}-${index}`} deployment={deployment} index={index} />
          ))}
        </ul>
      )}
      <h3>{t('Live checks')}</h3>
      {results.length === 0 ? (
        <p class="muted">{t('No request has been made to the live application.')}</p>
      ) : (
        <ul class="checks">
          {results.map(({ url, method, status, passed, detail, durationMs }, index) => (
            <li key={`${method} ${url} ${index}`} class="check-line">
              <SignLabel sign={forgeSign(passed ? 'passed' : 'failed')} />
              <span class="check-name">
                <code>
                  {method} {url}
                </code>
                <span class="muted sub">{detail}</span>
              </span>
              <span class="muted number">
                {status ?? t('no answer')} · {formatDuration(durationMs)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function DeploymentRow({ deployment, index }: { deployment: Deployment; index: number }) {
  const [isOpen, setOpen] = useState(deployment.status === 'failed');
  const id = runId.value;
  const { kind, status, url, logTail, durationMs } = deployment;
  const name = deploymentName(kind, deployment.id);
  return (
    <li class="evidence-item">
      <div class="check-line">
        <SignLabel sign={status === 'ready' ? { ...forgeSign('passed'), word: t('Ready') } : forgeSign('failed')} />
        <span class="check-name">
          {name}
          {url === null ? null : <span class="muted sub">{url}</span>}
        </span>
        <span class="muted number">{formatDuration(durationMs)}</span>
        <span class="actions">
          <Button about={name} icon="terminal" isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('Log')}
          </Button>
          {id === null ? null : (
            <IconButton
              label={t('Open the log in the editor')}
              about={name}
              icon="link"
              onClick={() => ask(bridge.call('open', { target: { kind: 'deployment', runId: id, index } }))}
            />
          )}
        </span>
      </div>
      {!isOpen ? null : logTail.trim() === '' ? (
        <p class="muted">{t('The log is empty.')}</p>
      ) : (
        <Lines text={logTail} label={t('Log of {0}', name)} />
      )}
    </li>
  );
}
