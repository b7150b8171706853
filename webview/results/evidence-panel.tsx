import { computed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { Evidence } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { countChecks } from '../progress/counts.ts';
import { part, subtaskList } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { outcomeSign } from '../progress/words.ts';
import { ask, bridge, runId } from '../store.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Capped } from '../ui/capped.tsx';
import { formatDuration } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { OutputView } from './output-view.tsx';
import { type EvidenceGroup, evidenceGroups, failedCount } from './result-facts.ts';

const merged = part('integrationEvidence');
const groups = computed(() => evidenceGroups(merged.value ?? [], subtaskList.value, t('Integrated work')));
const GROUPS = 25;

/** What the host ran and saw, by subtask. */
export function EvidencePanel() {
  const all = groups.value.flatMap(({ evidence }) => evidence);
  const failed = failedCount(all);
  return (
    <Section
      title={t('Evidence')}
      note={
        all.length === 0
          ? undefined
          : failed === 0
            ? t('{0}, all passed', countChecks(all.length))
            : t('{0}, {1} not passed', countChecks(all.length), failed)
      }
      class="evidence"
    >
      {all.length === 0 ? (
        <p class="muted">
          {t('No check has run yet. The host runs the checks of the plan when an agent says it is done.')}
        </p>
      ) : (
        <Capped items={groups.value} step={GROUPS} class="groups">
          {(group) => <Group key={group.subtaskId ?? ''} group={group} />}
        </Capped>
      )}
    </Section>
  );
}

function Group({ group }: { group: EvidenceGroup }) {
  return (
    <li>
      <h3>
        {group.title}
        {group.subtaskId === null ? null : <code class="muted"> {group.subtaskId}</code>}
      </h3>
      <ul class="checks">
        {group.evidence.map((evidence, index) => (
          <Check key={`${evidence.name}-${index}`} evidence={evidence} subtaskId={group.subtaskId} index={index} />
        ))}
      </ul>
    </li>
  );
}

interface CheckProps {
  evidence: Evidence;
  subtaskId: string | null;
  index: number;
}

function Check({ evidence, subtaskId, index }: CheckProps) {
  const [isOpen, setOpen] = useState(false);
  const run = runId.value;
  const { name, command, exitCode, outcome, durationMs } = evidence;
  return (
    <li class="evidence-item">
      <div class="check-line">
        <SignLabel sign={outcomeSign(outcome)} />
        <span class="check-name">
          {name}
          <code class="command">{command}</code>
        </span>
        <span class="muted number">
          {exitCode === null ? t('no exit code') : t('exit code {0}', exitCode)} · {formatDuration(durationMs)}
        </span>
        <span class="actions">
          <Button about={name} icon="terminal" isExpanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {t('Output')}
          </Button>
          {run === null ? null : (
            <IconButton
              label={t('Open in the editor')}
              about={name}
              icon="link"
              onClick={() => ask(bridge.call('open', { target: { kind: 'evidence', runId: run, subtaskId, index } }))}
            />
          )}
        </span>
      </div>
      {isOpen && run !== null ? <OutputView run={run} evidence={evidence} /> : null}
    </li>
  );
}
