import { useState } from 'preact/hooks';
import type { EventRecord } from '../../src/protocol/events.ts';
import { t } from '../l10n.ts';
import { shortCommit } from '../progress/log-entry.ts';
import { part, stable } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { forgeSign, updateReason } from '../progress/words.ts';
import { ask, bridge, log, runId } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Capped } from '../ui/capped.tsx';
import { formatTime } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { Lines } from './output-view.tsx';
import { FindingRow } from './reviews-panel.tsx';

const branch = part('branch');
const issue = part('issue');
const pullRequest = part('pullRequest');
const forgeChecks = part('forgeChecks');
const mergeCommit = part('mergeCommit');
const held = part('held');
const reviewFindings = part('reviewFindings');
/** Only the log has them; the last ones of a long run. */
const updates = stable<EventRecord[]>(
  () => log.value.filter(({ event }) => event.type === 'pull_request.updated'),
  (before, after) => before.length === after.length && before.at(-1)?.seq === after.at(-1)?.seq,
);
const SHORT_SUMMARY = 80;
const FINDINGS = 50;

/** Branch, pull request, its checks, what reviewers said, and what keeps it from being merged. */
export function PullRequestPanel() {
  const id = runId.value;
  const request = pullRequest.value;
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
      <IssueLine />
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
      {held.value === null ? null : (
        <p class="tone-warn held">
          <Icon name="clock" />
          <span>{t('Not merged yet: {0}', held.value)}</span>
        </p>
      )}
      {request === null ? null : <Checks />}
      <Updates />
      <ReviewFindings />
    </Section>
  );
}

function IssueLine() {
  const id = runId.value;
  const about = issue.value;
  if (about === null || id === null) return null;
  const name = `${about.owner}/${about.name}#${about.number}`;
  return (
    <p class="check-line">
      <span class="check-name">
        {t('Closes {0}', name)} <span class="muted">{about.title}</span>
      </span>
      <IconButton
        label={t('Open issue')}
        about={name}
        icon="link"
        onClick={() => ask(bridge.call('open', { target: { kind: 'issue', runId: id } }))}
      />
    </p>
  );
}

function Checks() {
  const id = runId.value;
  const checks = forgeChecks.value?.runs ?? [];
  if (checks.length === 0) return <p class="muted">{t('The repository runs no checks on it.')}</p>;
  return (
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

function Updates() {
  if (updates.value.length === 0) return null;
  return (
    <>
      <h3>{t('Updates')}</h3>
      <ul class="checks">
        {updates.value.map(({ seq, at, event }) =>
          event.type === 'pull_request.updated' ? (
            <li key={seq} class="check-line">
              <span class="check-name">
                {updateReason(event.reason, event.round)} <code class="muted">{shortCommit(event.commit)}</code>
              </span>
              <span class="muted number">{formatTime(at)}</span>
            </li>
          ) : null,
        )}
      </ul>
    </>
  );
}

function ReviewFindings() {
  const found = reviewFindings.value ?? [];
  if (found.length === 0) return null;
  return (
    <>
      <h3>{t('What reviewers said')}</h3>
      <Capped items={found} step={FINDINGS} class="findings">
        {(finding, index) => <FindingRow key={`${finding.id}-${index}`} finding={finding} subtaskId={null} />}
      </Capped>
    </>
  );
}
