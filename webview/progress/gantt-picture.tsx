import { formatClock } from '../ui/format.ts';
import type { GanttBar } from './gantt-model.ts';
import { type GanttScale, ticks } from './gantt-scale.ts';

/** The pieces of the timeline that are drawn. All of them leave rows out of sight alone. */

export const ROW_PX = 24;
export const AXIS_PX = 22;
const BAR_PX = 14;
const TICK_PX = 90;

export function GanttAxis({ spanMs, widthPx }: { spanMs: number; widthPx: number }) {
  const marks = ticks(spanMs, Math.max(1, Math.floor(widthPx / TICK_PX)));
  const at = (ms: number) => (ms / Math.max(1, spanMs)) * widthPx;
  return (
    <svg class="gantt-axis" width={widthPx} height={AXIS_PX} aria-hidden="true">
      {marks.map((ms) => (
        <g key={ms}>
          <path class="tick" d={`M${at(ms) + 0.5} ${AXIS_PX - 6}v6`} />
          <text x={at(ms) + 3} y={AXIS_PX - 7}>
            {at(ms) + 44 > widthPx ? '' : formatClock(ms)}
          </text>
        </g>
      ))}
    </svg>
  );
}

interface RowsProps {
  bars: readonly GanttBar[];
  /** The rows in sight: `first` up to but without `last`. */
  first: number;
  last: number;
}

export function GanttLabels({
  bars,
  first,
  last,
  widthPx,
  heightPx,
}: RowsProps & { widthPx: number; heightPx: number }) {
  return (
    <div class="gantt-labels" aria-hidden="true" style={{ width: `${widthPx}px`, height: `${heightPx}px` }}>
      {bars.slice(first, last).map(({ task, isCritical }, offset) => (
        <span
          key={task.id}
          class={isCritical ? 'gantt-label critical' : 'gantt-label'}
          style={{ top: `${(first + offset) * ROW_PX}px`, height: `${ROW_PX}px` }}
          title={task.title}
        >
          {isCritical ? '◆ ' : ''}
          {task.title}
        </span>
      ))}
    </div>
  );
}

export function GanttBars({
  bars,
  first,
  last,
  scale,
  path,
}: RowsProps & { scale: GanttScale; path: readonly string[] }) {
  return (
    <>
      <CriticalLine bars={bars} scale={scale} path={path} />
      {bars.slice(first, last).map((bar, offset) => (
        <Bar key={bar.task.id} bar={bar} topPx={(first + offset) * ROW_PX} scale={scale} />
      ))}
    </>
  );
}

function Bar({ bar, topPx, scale }: { bar: GanttBar; topPx: number; scale: GanttScale }) {
  const x = scale.x(bar.startMs);
  const width = scale.width(bar.startMs, bar.endMs);
  const y = topPx + (ROW_PX - BAR_PX) / 2;
  const { state } = bar.task;
  const trouble = state === 'failed' || state === 'parked' ? ' trouble' : '';
  return (
    <g>
      <rect
        class={`bar ${bar.kind}${bar.isCritical ? ' critical' : ''}${trouble}`}
        x={x}
        y={y}
        width={width}
        height={BAR_PX}
        rx="2"
      />
      {bar.roundsMs.map((ms) => (
        <path key={ms} class="round-mark" d={`M${scale.x(ms)} ${y - 3}v${BAR_PX + 6}`} />
      ))}
      {trouble === '' ? null : <path class="trouble-mark" d={`M${x + width + 4} ${y + 3}l8 8m0 -8l-8 8`} />}
    </g>
  );
}

/** From the end of each subtask of the critical path to the beginning of the next. */
function CriticalLine({
  bars,
  scale,
  path,
}: {
  bars: readonly GanttBar[];
  scale: GanttScale;
  path: readonly string[];
}) {
  const rows = new Map(bars.map((bar, index) => [bar.task.id, { bar, index }]));
  const middle = (index: number) => index * ROW_PX + ROW_PX / 2;
  const lines = path.slice(1).map((id, at) => {
    const from = rows.get(path[at] ?? '');
    const to = rows.get(id);
    if (from === undefined || to === undefined) return '';
    const fromX = scale.x(from.bar.endMs);
    const toX = scale.x(to.bar.startMs) + 4;
    const side = to.index > from.index ? -1 : 1;
    return `M${fromX} ${middle(from.index)}H${toX}V${middle(to.index) + side * (BAR_PX / 2)}`;
  });
  return <path class="critical-line" d={lines.join('')} />;
}
