import { computed } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { t } from '../l10n.ts';
import { cost, part, subtaskList } from '../progress/selectors.ts';
import { ask, bridge, runId } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatDate, formatMoney } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { failedCount, lineCounts } from './result-facts.ts';

const diff = part('diff');
const url = part('url');
const rolledBack = part('rolledBack');
const merged = part('integrationEvidence');

const checks = computed(() => {
  const all = subtaskList.value.flatMap(({ evidence }) => evidence).concat(merged.value ?? []);
  return { all: all.length, failed: failedCount(all) };
});
const openFindings = computed(() =>
  subtaskList.value.reduce(
    (sum, { state, findings }) => sum + (state === 'parked' || state === 'revising' ? findings.length : 0),
    0,
  ),
);

/** The result in a few figures, and the way to what is live. */
export function OutcomePanel() {
  const id = runId.value;
  const files = diff.value?.files ?? [];
  const { added, removed } = lineCounts(files);
  const { all, failed } = checks.value;
  return (
    <Section title={t('At a glance')} class="outcome">
      {url.value === null || id === null ? null : (
        <p class="live-url">
          <Icon name="rocket" class="tone-good" />
          <span class="live-text">
            <span class="muted">{t('Live at')}</span> <strong>{url.value}</strong>
          </span>
          <Button
            icon="link"
            kind="primary"
            onClick={() => ask(bridge.call('open', { target: { kind: 'live', runId: id } }))}
          >
            {t('Open live application')}
          </Button>
        </p>
      )}
      {rolledBack.value === null ? null : (
        <p>
          <Icon name="undo" class="tone-warn" /> {t('Rolled back {0}', formatDate(rolledBack.value.at))}
          {rolledBack.value.kept.length === 0 ? null : `; ${t('left as it is: {0}', rolledBack.value.kept.join('; '))}`}
        </p>
      )}
      <dl class="tiles">
        <Tile name={t('Files')}>
          {files.length === 0 ? '–' : files.length}{' '}
          {files.length === 0 ? null : (
            <span class="small">
              <span class="added">+{added}</span> <span class="removed">−{removed}</span>
            </span>
          )}
        </Tile>
        <Tile name={t('Checks passed')}>
          <span class={failed > 0 ? 'tone-bad' : undefined}>
            {all - failed}/{all}
          </span>
        </Tile>
        <Tile name={t('Open findings')}>
          <span class={openFindings.value > 0 ? 'tone-warn' : undefined}>{openFindings.value}</span>
        </Tile>
        <Tile name={t('Cost')}>{formatMoney(cost.value?.usd ?? 0)}</Tile>
      </dl>
    </Section>
  );
}

function Tile({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="tile">
      <dt>{name}</dt>
      <dd class="figure">{children}</dd>
    </div>
  );
}
