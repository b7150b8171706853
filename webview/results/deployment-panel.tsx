import { useState } from 'preact/hooks';
import type { Deployment, DomainState } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { ChangeList } from '../progress/change-list.tsx';
import { part } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { deploymentName, domainSign, forgeSign } from '../progress/words.ts';
import { ask, bridge, isLive, runId } from '../store.ts';
import { announce } from '../ui/announce.tsx';
import { Button, IconButton } from '../ui/button.tsx';
import { formatDuration } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { Lines } from './output-view.tsx';

const deployments = part('deployments');
const live = part('live');
const purpose = part('purpose');

/** What was deployed, with the logs, and the requests that were made to it. */
export function DeploymentPanel() {
  const id = runId.value;
  const list = deployments.value ?? [];
  const results = live.value ?? [];
  return (
    <Section
      title={t('Deployment')}
      class="deployment"
      actions={
        id === null || list.length === 0 || isLive.value || purpose.value === 'rollback' ? undefined : (
          <Button icon="undo" onClick={() => ask(bridge.call('command', { command: 'rollBack', runId: id }))}>
            {t('Roll back…')}
          </Button>
        )
      }
    >
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
  const { kind, status, url, logTail, durationMs, changes, domains } = deployment;
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
      {domains.length === 0 ? null : <Domains domains={domains} about={name} />}
      {changes.length === 0 ? null : (
        <details>
          <summary>
            {changes.length === 1 ? t('1 change was made') : t('{0} changes were made', changes.length)}
          </summary>
          <ChangeList changes={changes} isDone />
        </details>
      )}
      {!isOpen ? null : logTail.trim() === '' ? (
        <p class="muted">{t('The log is empty.')}</p>
      ) : (
        <Lines text={logTail} label={t('Log of {0}', name)} />
      )}
    </li>
  );
}

/** Own domains: the record that still has to be set, ready to be copied to the provider of the name. */
function Domains({ domains, about }: { domains: readonly DomainState[]; about: string }) {
  return (
    <ul class="checks domains" aria-label={t('Domains of {0}', about)}>
      {domains.map(({ domain, state, remedy }) => (
        <li key={domain} class="check-line">
          <SignLabel sign={domainSign(state)} />
          <span class="check-name">
            {domain}
            {remedy === '' ? null : <code class="sub">{remedy}</code>}
          </span>
          {remedy === '' ? null : (
            <IconButton
              label={t('Copy the DNS record')}
              about={domain}
              icon="copy"
              onClick={async () => {
                const copied = await ask(bridge.call('copy', { text: remedy }).then(() => true));
                if (copied !== null) announce(t('Copied'));
              }}
            />
          )}
        </li>
      ))}
    </ul>
  );
}
