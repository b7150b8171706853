import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

interface VirtualListProps<T> {
  items: readonly T[];
  /** Stable and unique; keeps rows over updates. */
  keyOf(item: T, index: number): string | number;
  /** Every row has this height; the caller's styles must not exceed it. Scales with the zoom of the editor. */
  rowHeightPx: number;
  /** What the list is, for a screen reader. */
  label: string;
  renderRow(item: T, index: number, isActive: boolean): ComponentChildren;
  /** Enter, or a click on the row. Without it rows are only read. */
  onActivate?(item: T, index: number): void;
  /** The row that the keyboard is on; the list keeps its own when left out. -1: none. */
  activeIndex?: number;
  onActiveChange?(index: number): void;
  /** Stays at the end while new rows arrive, as long as the person has not scrolled away from it. */
  isFollowing?: boolean;
  /** Called when the person scrolls away from the end, or back to it. */
  onFollowingChange?(isFollowing: boolean): void;
  /** Shown when there are no items. */
  empty?: ComponentChildren;
  class?: string;
}

/** Rows above and below the visible ones. */
const OVERSCAN = 8;
/** Browsers clamp the height of an element at some millions of pixels. */
const MAX_HEIGHT_PX = 8_000_000;

/**
 * A list of any length of which only the visible rows are in the page. ARIA listbox with `aria-activedescendant`: one tab stop;
 * arrows, Page Up/Down, Home and End move; Enter activates. Give it a height by its class: it fills what its parent leaves.
 */
export function VirtualList<T>(props: VirtualListProps<T>) {
  const { items, rowHeightPx, onActivate, isFollowing = false } = props;
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [ownActive, setOwnActive] = useState(-1);
  const active = Math.min(props.activeIndex ?? ownActive, items.length - 1);
  /** A scroll that the list itself made says nothing about the person. */
  const wroteTop = useRef(-1);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    setHeight(element.clientHeight);
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const scrollTo = (wantedPx: number) => {
    if (box.current === null) return;
    box.current.scrollTop = wantedPx;
    wroteTop.current = box.current.scrollTop;
    setTop(box.current.scrollTop);
  };

  useLayoutEffect(() => {
    if (isFollowing) scrollTo(items.length * rowHeightPx);
  }, [isFollowing, items, height]);

  const onScroll = () => {
    const element = box.current;
    if (element === null) return;
    setTop(element.scrollTop);
    if (element.scrollTop === wroteTop.current) return;
    wroteTop.current = -1;
    const isAtEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - rowHeightPx;
    if (isAtEnd !== isFollowing) props.onFollowingChange?.(isAtEnd);
  };

  const goTo = (index: number) => {
    const to = Math.max(0, Math.min(items.length - 1, index));
    setOwnActive(to);
    props.onActiveChange?.(to);
    const element = box.current;
    if (element === null) return;
    const rowTop = to * rowHeightPx;
    if (rowTop < element.scrollTop) element.scrollTop = rowTop;
    else if (rowTop + rowHeightPx > element.scrollTop + element.clientHeight)
      element.scrollTop = rowTop + rowHeightPx - element.clientHeight;
  };

  const page = Math.max(1, Math.floor(height / rowHeightPx) - 1);
  const onKeyDown = (event: KeyboardEvent) => {
    // A control inside a row has keys of its own.
    if (event.target !== box.current) return;
    const moves: Record<string, number> = {
      ArrowDown: active + 1,
      ArrowUp: active < 0 ? items.length - 1 : active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: items.length - 1,
    };
    const to = moves[event.key];
    const item = items[active];
    if (to !== undefined && items.length > 0) goTo(to);
    else if ((event.key === 'Enter' || event.key === ' ') && item !== undefined && onActivate !== undefined)
      onActivate(item, active);
    else return;
    event.preventDefault();
  };

  useEffect(() => {
    if (ownActive >= items.length) setOwnActive(items.length - 1);
  }, [items.length]);

  const totalPx = Math.min(items.length * rowHeightPx, MAX_HEIGHT_PX);
  const first = Math.max(0, Math.floor(top / rowHeightPx) - OVERSCAN);
  const last = Math.min(items.length, Math.ceil((top + height) / rowHeightPx) + OVERSCAN);

  const rows = items.slice(first, last).map((item, offset) => {
    const index = first + offset;
    return (
      <div
        key={props.keyOf(item, index)}
        id={`${id}-${index}`}
        role="option"
        tabIndex={-1}
        class="vlist-row"
        aria-selected={index === active}
        aria-setsize={items.length}
        aria-posinset={index + 1}
        style={{ top: `${index * rowHeightPx}px`, height: `${rowHeightPx}px` }}
        onMouseDown={() => {
          setOwnActive(index);
          props.onActiveChange?.(index);
        }}
        onClick={() => onActivate?.(item, index)}
        onKeyDown={undefined}
      >
        {props.renderRow(item, index, index === active)}
      </div>
    );
  });

  const isActiveShown = active >= first && active < last;
  return (
    <div
      ref={box}
      role="listbox"
      aria-label={props.label}
      aria-activedescendant={isActiveShown ? `${id}-${active}` : undefined}
      tabIndex={0}
      class={`vlist ${props.class ?? ''}`}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      {items.length === 0 ? (
        <div role="option" aria-selected={false} aria-disabled="true" tabIndex={-1} class="vlist-empty">
          {props.empty}
        </div>
      ) : (
        <div role="presentation" class="vlist-space" style={{ height: `${totalPx}px` }}>
          {rows}
        </div>
      )}
    </div>
  );
}
