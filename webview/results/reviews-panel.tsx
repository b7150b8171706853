import { computed } from '@preact/signals';
import { useState } from 'preact/hooks';
import type { SubtaskView } from '../../src/protocol/view.ts';
import type { Finding } from '../../src/protocol/work.ts';
import { t } from '../l10n.ts';
import { countFindings, countRounds } from '../progress/counts.ts';
import { subtaskList } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { severitySign } from '../progress/words.ts';
import { ask, bridge, runId } from '../store.ts';
import { Capped } from '../ui/capped.tsx';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';

const reviewed = computed(() => subtaskList.value.filter(({ reviews }) => reviews.length > 0));
/** Findings that nobody has settled: the subtask is still being revised, or waits for a person. */
const unsettled = computed(() =>
  subtaskList.value.filter(
    ({ state, findings }) => (state === 'parked' || state === 'revising') && findings.length > 0,
  ),
);
const SUBTASKS = 25;
const FINDINGS = 50;

/** What the lead found: what is open first, then every round of every subtask. */
export function ReviewsPanel() {
  const open = unsettled.value.flatMap(({ id, findings }) => findings.map((finding) => ({ id, finding })));
  return (
    <Section
      title={t('Review')}
      note={open.length === 0 ? undefined : t('{0} open', countFindings(open.length))}
      class="reviews"
    >
      {reviewed.value.length === 0 && open.length === 0 ? (
        <p class="muted">{t('Nothing has been reviewed yet.')}</p>
      ) : null}
      {open.length === 0 ? null : (
        <>
          <h3>{t('Open findings')}</h3>
          <Capped items={open} step={FINDINGS} class="findings">
            {({ id, finding }) => <FindingRow key={`${id}-${finding.id}`} finding={finding} subtaskId={id} />}
          </Capped>
        </>
      )}
      {reviewed.value.length === 0 ? null : (
        <Capped items={reviewed.value} step={SUBTASKS} class="groups">
          {(subtask) => <Rounds key={subtask.id} subtask={subtask} />}
        </Capped>
      )}
    </Section>
  );
}

function Rounds({ subtask }: { subtask: SubtaskView }) {
  const { title, reviews } = subtask;
  const isApproved = reviews.at(-1)?.verdict === 'approve';
  const [isOpen, setOpen] = useState(reviews.length > 1);
  const found = reviews.reduce((sum, { findings }) => sum + findings.length, 0);
  return (
    <li>
      <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <Verdict isApproved={isApproved} /> {title}{' '}
          <span class="muted">
            {countRounds(reviews.length)}, {countFindings(found)}
          </span>
        </summary>
        {isOpen ? (
          <ol class="rounds">
            {reviews.map(({ verdict, summary, findings }, index) => (
              // A review has no other name than its round.
              <li key={`round-${index + 1}`}>
                <p>
                  <strong>{t('Round {0}', index + 1)}</strong> <Verdict isApproved={verdict === 'approve'} />
                </p>
                <p class="model-text">{summary}</p>
                {findings.length === 0 ? null : (
                  <Capped items={findings} step={FINDINGS} class="findings">
                    {(finding) => <FindingRow key={finding.id} finding={finding} subtaskId={null} />}
                  </Capped>
                )}
              </li>
            ))}
          </ol>
        ) : null}
      </details>
    </li>
  );
}

function Verdict({ isApproved }: { isApproved: boolean }) {
  return (
    <span class={`sign tone-${isApproved ? 'good' : 'warn'}`}>
      <Icon name={isApproved ? 'pass' : 'edit'} />
      {isApproved ? t('Approved') : t('Sent back')}
    </span>
  );
}

export function FindingRow({ finding, subtaskId }: { finding: Finding; subtaskId: string | null }) {
  const run = runId.value;
  const { file, line, severity, message } = finding;
  const place = line > 0 ? `${file}:${line}` : file;
  return (
    <li class="finding">
      <p class="finding-head">
        <SignLabel sign={severitySign(severity)} />
        {run === null || file === '' ? null : (
          <button
            type="button"
            class="link-button place"
            onClick={() => void ask(bridge.call('open', { target: { kind: 'file', runId: run, path: file, line } }))}
          >
            {place}
          </button>
        )}
        {subtaskId === null ? null : <code class="muted">{subtaskId}</code>}
      </p>
      <p class="model-text">{message}</p>
    </li>
  );
}
