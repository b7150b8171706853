import { useSignal } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Subtask } from '../../src/protocol/plan.ts';
import type { SubtaskState } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { roleName, subtaskSign } from '../progress/words.ts';
import { IconButton } from '../ui/button.tsx';
import { formatPercent } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Effort } from './effort.tsx';
import { type GraphLayout, type GraphSizes, layOut } from './layout.ts';
import { effortWord } from './words.ts';

interface GraphProps {
  subtasks: readonly Subtask[];
  /** Null before the plan is approved: there is nothing to tell apart yet. */
  stateOf: ((id: string) => SubtaskState) | null;
  selectedId: string | null;
  changedIds: ReadonlySet<string>;
  onSelect(id: string): void;
}

const SIZES: GraphSizes = { nodeWidth: 176, nodeHeight: 50, layerGap: 44, nodeGap: 14 };
const MARGIN_PX = 8;
/** Smaller than this, nobody reads it. */
const MIN_FIT = 0.65;
const ZOOMS = [0.4, 0.5, 0.65, 0.8, 1, 1.25, 1.5];

/** What depends on what. One tab stop; arrows go along the lines and up and down a column, Enter opens the subtask. */
export function Graph(props: GraphProps) {
  const { subtasks, selectedId, onSelect } = props;
  const layout = useMemo(() => layOut(subtasks, SIZES), [subtasks]);
  const zoom = useSignal(1);
  const scroller = useRef<HTMLDivElement>(null);
  const focusId = selectedId ?? layout.nodes[0]?.id;
  const byId = new Map(subtasks.map((subtask) => [subtask.id, subtask]));

  const step = (by: 1 | -1) => {
    const next = by === 1 ? ZOOMS.find((at) => at > zoom.value) : ZOOMS.findLast((at) => at < zoom.value);
    zoom.value = next ?? zoom.value;
  };
  const fit = () => {
    const room = (scroller.current?.clientWidth ?? 0) / (layout.width + 2 * MARGIN_PX);
    zoom.value = Math.max(MIN_FIT, Math.min(1, Math.floor(room * 100) / 100));
  };
  // A large plan is first seen as a whole.
  useEffect(fit, [layout.width]);

  const onKeyDown = (event: KeyboardEvent, id: string) => {
    const to = neighbour(layout, id, event.key);
    if (to === null) return;
    event.preventDefault();
    scroller.current?.querySelector<HTMLElement>(`[data-id="${CSS.escape(to)}"]`)?.focus();
  };

  return (
    <div class="graph">
      <div class="graph-tools">
        <IconButton icon="minus" label={t('Zoom out')} isDisabled={zoom.value <= 0.4} onClick={() => step(-1)} />
        <button type="button" class="button quiet" title={t('Fit to width')} onClick={fit}>
          {formatPercent(zoom.value)}
          <span class="hidden-visually"> {t('Fit to width')}</span>
        </button>
        <IconButton icon="add" label={t('Zoom in')} isDisabled={zoom.value >= 1.5} onClick={() => step(1)} />
      </div>
      <div
        ref={scroller}
        class="graph-scroll"
        onWheel={(event) => {
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          step(event.deltaY < 0 ? 1 : -1);
        }}
      >
        <div
          class="graph-space"
          style={{
            zoom: String(zoom.value),
            width: `${layout.width + 2 * MARGIN_PX}px`,
            height: `${layout.height + 2 * MARGIN_PX}px`,
          }}
        >
          <Lines layout={layout} selectedId={selectedId} />
          <ul aria-label={t('Subtasks and what they wait for')}>
            {layout.nodes.map(({ id, x, y }) => {
              const subtask = byId.get(id);
              if (subtask === undefined) return null;
              const state = props.stateOf?.(id) ?? null;
              return (
                <li key={id}>
                  <button
                    type="button"
                    data-id={id}
                    class={`node ${state ?? ''}`}
                    aria-pressed={id === selectedId}
                    title={subtask.title}
                    tabIndex={id === focusId ? 0 : -1}
                    style={{ left: `${x + MARGIN_PX}px`, top: `${y + MARGIN_PX}px` }}
                    onClick={() => onSelect(id)}
                    onKeyDown={(event) => onKeyDown(event, id)}
                  >
                    <span class="node-title">{subtask.title}</span>
                    <span class="node-facts">
                      {state === null ? roleName(subtask.specialization) : <NodeState state={state} />}
                      {props.changedIds.has(id) ? <span class="node-changed">{t('changed')}</span> : null}
                      <Effort effort={subtask.effort} />
                    </span>
                    <span class="hidden-visually">{unseen(subtask, byId, state)}</span>
                  </button>
                </li>
              );
            })}
          </ul>
        </div>
      </div>
    </div>
  );
}

function NodeState({ state }: { state: SubtaskState }) {
  const { word, icon } = subtaskSign(state);
  return (
    <span class="node-state">
      <Icon name={icon} /> {word}
    </span>
  );
}

function Lines({ layout, selectedId }: { layout: GraphLayout; selectedId: string | null }) {
  const near = (from: string, to: string) => from === selectedId || to === selectedId;
  return (
    <svg
      class="lines"
      aria-hidden="true"
      width={layout.width + 2 * MARGIN_PX}
      height={layout.height + 2 * MARGIN_PX}
      viewBox={`${-MARGIN_PX} ${-MARGIN_PX} ${layout.width + 2 * MARGIN_PX} ${layout.height + 2 * MARGIN_PX}`}
    >
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M1,1 L7,4 L1,7" />
        </marker>
      </defs>
      {layout.edges.map(({ from, to, path }) => (
        <path key={`${from} ${to}`} d={path} class={near(from, to) ? 'line near' : 'line'} marker-end="url(#arrow)" />
      ))}
    </svg>
  );
}

/** What the picture of a box says by lines and bars. */
function unseen(subtask: Subtask, byId: ReadonlyMap<string, Subtask>, state: SubtaskState | null): string {
  const before = subtask.dependsOn.map((id) => byId.get(id)?.title ?? id).join(', ');
  return [
    ...(state === null ? [] : [roleName(subtask.specialization)]),
    effortWord(subtask.effort),
    before === '' ? t('waits for nothing') : t('waits for {0}', before),
  ].join(', ');
}

/** Where an arrow key leads from a box; null for other keys and at an end. */
function neighbour(layout: GraphLayout, id: string, key: string): string | null {
  const here = layout.nodes.find((node) => node.id === id);
  if (here === undefined) return null;
  const column = layout.nodes.filter(({ layer }) => layer === here.layer);
  const at = column.indexOf(here);
  switch (key) {
    case 'ArrowRight':
      return layout.edges.find(({ from }) => from === id)?.to ?? null;
    case 'ArrowLeft':
      return layout.edges.find(({ to }) => to === id)?.from ?? null;
    case 'ArrowDown':
      return column[at + 1]?.id ?? null;
    case 'ArrowUp':
      return column[at - 1]?.id ?? null;
    case 'Home':
      return layout.nodes[0]?.id ?? null;
    case 'End':
      return layout.nodes.at(-1)?.id ?? null;
    default:
      return null;
  }
}
