import { t } from '../l10n.ts';
import { countCalls } from '../progress/counts.ts';
import { elapsedMs } from '../progress/run-facts.ts';
import { cost, part } from '../progress/selectors.ts';
import { isLive } from '../store.ts';
import { formatDuration, formatMoney, formatRange, formatTokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import type { IconName } from '../ui/icon-paths.ts';
import { ScrollX, Section } from '../ui/section.tsx';
import { type Compared, estimateAgainstActual } from './result-facts.ts';

const estimate = part('estimate');
const startedAt = part('startedAt');
const endedAt = part('endedAt');

const FORMAT: Record<Compared['what'], (value: number) => string> = {
  tokens: formatTokens,
  cost: formatMoney,
  time: formatDuration,
};

function verdictOf(verdict: Compared['verdict']): { word: string; icon: IconName; tone: string } {
  const words: Record<Compared['verdict'], { word: string; icon: IconName; tone: string }> = {
    below: { word: t('Less than expected'), icon: 'pass', tone: 'good' },
    within: { word: t('As expected'), icon: 'pass', tone: 'good' },
    above: { word: t('More than expected'), icon: 'warning', tone: 'warn' },
    unknown: { word: t('Not comparable'), icon: 'circle', tone: 'calm' },
  };
  return words[verdict];
}

/** What was expected against what it took. */
export function ActualPanel() {
  if (cost.value === null) return null;
  const isOver = !isLive.value;
  const tookMs = isOver ? elapsedMs({ startedAt: startedAt.value, endedAt: endedAt.value }, 0) : null;
  const rows = estimateAgainstActual({ estimate: estimate.value, cost: cost.value }, tookMs);
  const names: Record<Compared['what'], string> = { tokens: t('Tokens'), cost: t('Cost'), time: t('Time') };
  const { unpricedCalls } = cost.value;
  return (
    <Section title={t('Estimate against actual')} class="actual">
      <ScrollX label={t('Estimate against actual')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Measure')}</th>
              <th scope="col" class="number">
                {t('Estimate')}
              </th>
              <th scope="col" class="number">
                {isOver ? t('Actual') : t('So far')}
              </th>
              <th scope="col">{t('Result')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ what, low, high, actual, verdict }) => {
              const { word, icon, tone } =
                isOver || verdict === 'above'
                  ? verdictOf(verdict)
                  : { word: t('Under way'), icon: 'sync' as const, tone: 'calm' };
              return (
                <tr key={what}>
                  <th scope="row">{names[what]}</th>
                  <td class="number">
                    {low === null || high === null ? t('none') : formatRange({ low, high }, FORMAT[what])}
                  </td>
                  <td class="number">{actual === null ? '–' : FORMAT[what](actual)}</td>
                  <td>
                    <span class={`sign tone-${tone}`}>
                      <Icon name={icon} />
                      {word}
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </ScrollX>
      {unpricedCalls === 0 ? null : (
        <p class="muted">{t('{0} of unknown price; the cost is not compared.', countCalls(unpricedCalls))}</p>
      )}
      <p class="muted">{t('Time is from start to end, waits for a person included.')}</p>
    </Section>
  );
}
