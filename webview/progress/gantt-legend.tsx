import { t } from '../l10n.ts';

function Swatch({ kind }: { kind: string }) {
  return (
    <svg width="22" height="10" aria-hidden="true">
      <rect class={`bar ${kind}`} x="1" y="1" width="20" height="8" />
    </svg>
  );
}

/** What the bars mean. The table beside the picture says the same in words, so a screen reader is spared it. */
export function GanttLegend({ isOver }: { isOver: boolean }) {
  return (
    <ul class="legend" aria-hidden="true">
      <li>
        <Swatch kind="done" /> {t('ended')}
      </li>
      {isOver ? null : (
        <>
          <li>
            <Swatch kind="live" /> {t('at work')}
          </li>
          <li>
            <Swatch kind="planned" /> {t('expected')}
          </li>
        </>
      )}
      <li>
        <Swatch kind="critical" /> ◆ {t('critical path')}
      </li>
      <li>
        <svg width="8" height="10" aria-hidden="true">
          <path class="round-mark" d="M4 0v10" />
        </svg>
        {t('a revision began')}
      </li>
    </ul>
  );
}
