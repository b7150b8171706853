import { t } from '../l10n.ts';
import { formatMoney, formatNumber, formatPercent, formatRange, formatTokens } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { countCalls } from './counts.ts';
import { costMeter } from './run-facts.ts';
import { cost, part } from './selectors.ts';

const budgetUsd = part('budgetUsd');
const estimate = part('estimate');
const WIDTH = 1_000;

/** Money spent against the cap, with the estimate marked on the same bar. */
export function CostPanel() {
  if (cost.value === null) return null;
  const meter = costMeter({ cost: cost.value, budgetUsd: budgetUsd.value ?? 0, estimate: estimate.value });
  const { unpricedCalls, calls, inputTokens, cachedInputTokens, outputTokens } = cost.value;
  const range = estimate.value?.costUsd ?? null;
  const said = t('{0} of {1} spent', formatMoney(meter.usd), formatMoney(meter.capUsd));
  return (
    <Section title={t('Cost')} class="cost">
      <p class="figure-line">
        <strong class="figure big">{formatMoney(meter.usd)}</strong>
        <span>{t('of {0} ({1})', formatMoney(meter.capUsd), formatPercent(meter.spent))}</span>
        {meter.level === 'calm' ? null : (
          <span class={meter.level === 'reached' ? 'tone-bad' : 'tone-warn'}>
            <Icon name="warning" /> {meter.level === 'reached' ? t('Cap reached') : t('Near the cap')}
          </span>
        )}
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: the element cannot show the estimate as well */}
      <div
        class="meter"
        role="meter"
        aria-label={t('Cost against the cap')}
        aria-valuemin={0}
        aria-valuemax={meter.capUsd}
        aria-valuenow={Math.min(meter.usd, meter.capUsd)}
        aria-valuetext={said}
      >
        <svg viewBox={`0 0 ${WIDTH} 12`} preserveAspectRatio="none" width="100%" height="12" aria-hidden="true">
          <rect class="meter-back" width={WIDTH} height="12" rx="0" />
          <rect
            class={`meter-bar ${meter.level}`}
            width={Math.max(meter.usd > 0 ? 4 : 0, meter.spent * WIDTH)}
            height="12"
          />
          {meter.low === null || meter.high === null ? null : (
            <rect
              class="meter-range"
              x={meter.low * WIDTH}
              width={Math.max(6, (meter.high - meter.low) * WIDTH)}
              y="0.5"
              height="11"
            />
          )}
        </svg>
      </div>
      <dl class="fact-list">
        <dt>{t('Estimate')}</dt>
        <dd>
          {estimate.value === null
            ? t('none before there is a plan')
            : range === null
              ? t('unknown: a model has no known price')
              : t('{0} (outlined on the bar)', formatRange(range, formatMoney))}
        </dd>
        <dt>{t('Tokens')}</dt>
        <dd>
          {t(
            '{0} in ({1} from the cache), {2} out',
            formatTokens(inputTokens),
            formatTokens(cachedInputTokens),
            formatTokens(outputTokens),
          )}
        </dd>
        <dt>{t('Model calls')}</dt>
        <dd>
          {formatNumber(calls)}
          {unpricedCalls === 0 ? null : (
            <span class="tone-warn">
              {' '}
              <Icon name="warning" /> {t('{0} with unknown price, not in the sum', countCalls(unpricedCalls))}
            </span>
          )}
        </dd>
      </dl>
    </Section>
  );
}
