import { useState } from 'preact/hooks';
import type { AgentView } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { now } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatClock, formatMoney, formatTime, formatTokens } from '../ui/format.ts';
import { ScrollX, Section } from '../ui/section.tsx';
import { agents, status } from './selectors.ts';
import { SignLabel } from './sign-label.tsx';
import { agentSign, roleName } from './words.ts';

/** Agents that are drawn at once; a run seldom has more. */
const SHOWN = 24;

const RANK: Record<AgentView['status'], number> = { blocked: 0, working: 1, idle: 2 };

/** The lead first, then those that need attention or work. */
function inOrder(all: readonly AgentView[]): AgentView[] {
  const rank = (agent: AgentView) => (agent.specialization === 'lead' ? -1 : RANK[agent.status]);
  return [...all].sort((a, b) => rank(a) - rank(b));
}

export function AgentsPanel() {
  const [isAll, setAll] = useState(false);
  const all = Object.values(agents.value ?? {});
  const shown = inOrder(all).slice(0, isAll ? all.length : SHOWN);
  const working = all.filter((agent) => agent.status === 'working').length;
  return (
    <Section title={t('Agents')} note={t('{0} of {1} working', working, all.length)} class="agents">
      {all.length === 0 ? (
        <p class="muted">{t('No agent has begun.')}</p>
      ) : (
        <ScrollX label={t('Agents')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('Agent')}</th>
                <th scope="col">{t('Status')}</th>
                <th scope="col">{t('Subtask')}</th>
                <th scope="col">{t('Last action')}</th>
                <th scope="col" class="number">
                  {t('Elapsed')}
                </th>
                <th scope="col" class="number">
                  {t('Tokens')}
                </th>
                <th scope="col" class="number">
                  {t('Cost')}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((agent) => (
                <AgentRow key={agent.id} agent={agent} />
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
      {shown.length < all.length ? (
        <Button kind="link" onClick={() => setAll(true)}>
          {t('Show all {0} agents', all.length)}
        </Button>
      ) : null}
    </Section>
  );
}

function AgentRow({ agent }: { agent: AgentView }) {
  return (
    <tr>
      <th scope="row">
        <span class="name">{agent.id === 'lead' ? t('Lead') : agent.id}</span>
        <span class="muted sub">{agent.model ?? roleName(agent.specialization)}</span>
      </th>
      <td>
        <SignLabel sign={agentSign(agent.status)} />
        {agent.blockedUntil === null ? null : (
          <span class="muted sub">{t('until {0}', formatTime(agent.blockedUntil))}</span>
        )}
      </td>
      <td>{agent.subtaskId ?? '–'}</td>
      <td class="grow" title={agent.lastAction}>
        {agent.lastAction === '' ? '–' : agent.lastAction}
      </td>
      <td class="number">
        <Since agent={agent} />
      </td>
      <td class="number">{formatTokens(agent.inputTokens + agent.outputTokens)}</td>
      <td class="number">{formatMoney(agent.costUsd)}</td>
    </tr>
  );
}

/** How long it has been in its state; only this text is drawn again each second. */
function Since({ agent }: { agent: AgentView }) {
  const isOver = status.value !== 'running' && status.value !== 'waiting';
  if (isOver || agent.status === 'idle') return <>–</>;
  return <>{formatClock(now.value - Date.parse(agent.since))}</>;
}
