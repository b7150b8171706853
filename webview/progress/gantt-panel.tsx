import { computed, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../l10n.ts';
import { isLive, now } from '../store.ts';
import { IconButton } from '../ui/button.tsx';
import { formatClock } from '../ui/format.ts';
import { Section } from '../ui/section.tsx';
import { GanttLegend } from './gantt-legend.tsx';
import './gantt.css';
import { type GanttModel, ganttModel } from './gantt-model.ts';
import { AXIS_PX, GanttAxis, GanttBars, GanttLabels, ROW_PX } from './gantt-picture.tsx';
import { ganttScale, MAX_ZOOM, zoomed } from './gantt-scale.ts';
import { GanttTable } from './gantt-table.tsx';
import { ganttInput } from './selectors.ts';

const zoom = signal(1);
const model = computed<GanttModel>(() => ganttModel(ganttInput.value, isLive.value ? now.value : 0));
const MAX_HEIGHT_PX = 330;
const OVERSCAN = 4;

/** The subtasks over time as bars, the critical path marked, with the same as a table for who cannot see it. */
export function GanttPanel() {
  const { bars } = model.value;
  return (
    <Section title={t('Timeline')} class="gantt-panel" actions={bars.length === 0 ? undefined : <Zoom />}>
      {bars.length === 0 ? (
        <p class="muted">{t('The timeline begins with the first subtask.')}</p>
      ) : (
        <>
          <GanttLegend isOver={model.value.nowMs === null} />
          <Picture />
          <CriticalPath />
          <GanttTable model={model.value} />
        </>
      )}
    </Section>
  );
}

function Zoom() {
  const set = (notches: number) => () => {
    zoom.value = zoomed(zoom.value, notches);
  };
  return (
    <>
      {zoom.value > 1 ? <IconButton label={t('Zoom out')} icon="zoomOut" onClick={set(-1)} /> : null}
      {zoom.value < MAX_ZOOM ? <IconButton label={t('Zoom in')} icon="zoomIn" onClick={set(1)} /> : null}
      <IconButton
        label={t('Fit the whole run')}
        icon="fit"
        onClick={() => {
          zoom.value = 1;
        }}
      />
    </>
  );
}

function CriticalPath() {
  const { criticalPath } = model.value;
  return <p class="muted critical-text">{t('Critical path: {0}', criticalPath.join(' → '))}</p>;
}

/** One scroller for both directions; only the rows in sight are drawn. Keys: + and − zoom, 0 fits, arrows scroll. */
function Picture() {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 600, height: MAX_HEIGHT_PX });
  const [top, setTop] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const { bars, fromMs, toMs, nowMs } = model.value;
  const labelPx = size.width < 480 ? 96 : 190;
  const chartPx = Math.max(120, Math.floor((size.width - labelPx - 8) * zoom.value));
  const scale = ganttScale(fromMs, toMs, chartPx);
  const first = Math.max(0, Math.floor(top / ROW_PX) - OVERSCAN);
  const last = Math.min(bars.length, Math.ceil((top + size.height) / ROW_PX) + OVERSCAN);
  const heightPx = bars.length * ROW_PX;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === '+' || event.key === '=') zoom.value = zoomed(zoom.value, 1);
    else if (event.key === '-') zoom.value = zoomed(zoom.value, -1);
    else if (event.key === '0') zoom.value = 1;
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture that scrolls
    <div
      ref={box}
      class="gantt"
      role="group"
      aria-label={t('Timeline picture; plus and minus zoom, 0 fits')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region
      tabIndex={0}
      style={{ maxHeight: `${MAX_HEIGHT_PX}px` }}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKeyDown}
    >
      <div class="gantt-inner" style={{ width: `${labelPx + chartPx}px`, height: `${heightPx + AXIS_PX}px` }}>
        <div class="gantt-top" style={{ height: `${AXIS_PX}px`, paddingLeft: `${labelPx}px` }}>
          <GanttAxis spanMs={toMs - fromMs} widthPx={chartPx} />
        </div>
        <GanttLabels bars={bars} first={first} last={last} widthPx={labelPx} heightPx={heightPx} />
        <svg
          class="gantt-chart"
          role="img"
          aria-label={summary(model.value)}
          width={chartPx}
          height={heightPx}
          style={{ left: `${labelPx}px`, top: `${AXIS_PX}px` }}
        >
          <GanttBars bars={bars} first={first} last={last} scale={scale} path={model.value.criticalPath} />
          {nowMs === null ? null : <path class="now-mark" d={`M${scale.x(nowMs)} 0V${heightPx}`} />}
        </svg>
      </div>
    </div>
  );
}

function summary({ bars, fromMs, nowMs, toMs, criticalPath }: GanttModel): string {
  const done = bars.filter(({ kind }) => kind === 'done').length;
  const span = formatClock((nowMs ?? toMs) - fromMs);
  return t('{0} of {1} subtasks ended after {2}; critical path: {3}', done, bars.length, span, criticalPath.join(', '));
}
