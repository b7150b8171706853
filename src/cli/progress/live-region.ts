import type { Writable } from 'node:stream';
import { displayWidth } from './text.ts';

const FRAME_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';
const DEFAULT_SIZE = { columns: 80, rows: 24 };

export interface LiveRegion {
  /** The frame changed: it is drawn again within 100 ms. */
  invalidate(): void;
  /** Writes lines above the region; they stay. */
  log(lines: readonly string[]): void;
  /** Takes the region off the screen until `resume`. */
  pause(): void;
  resume(): void;
  /** Takes the region off the screen for good and shows the cursor. Idempotent. */
  close(): void;
}

/**
 * A block of lines at the bottom of a terminal that is redrawn in place, at most ten times a second. `render` gets the size
 * of the terminal at the time and must return lines that fit.
 */
export function openLiveRegion(
  stream: Writable & { columns?: number; rows?: number },
  render: (size: { columns: number; rows: number }) => string[],
): LiveRegion {
  let drawn: string[] = [];
  let isDirty = true;
  let isPaused = false;
  let isClosed = false;
  let lastDrawnAt = 0;

  const size = () => ({ columns: stream.columns || DEFAULT_SIZE.columns, rows: stream.rows || DEFAULT_SIZE.rows });

  /** A terminal that got narrower has wrapped what was drawn, so lines are counted at the present width. */
  const eraseSequence = () => {
    const { columns } = size();
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
    return rows === 0 ? '' : `\u001b[${rows}F${CLEAR_BELOW}`;
  };
  const erase = () => {
    const sequence = eraseSequence();
    drawn = [];
    if (sequence !== '') stream.write(sequence);
  };
  const draw = (above: readonly string[] = []) => {
    const next = isPaused ? [] : render(size());
    const text = [...above, ...next].map((line) => `${line}\n`).join('');
    stream.write(eraseSequence() + text);
    drawn = next;
    isDirty = false;
    lastDrawnAt = performance.now();
  };
  const tick = setInterval(() => {
    // Once a second without news, for the elapsed time.
    if (!isPaused && (isDirty || performance.now() - lastDrawnAt >= 1_000)) draw();
  }, FRAME_MS);
  tick.unref();
  const showCursor = () => stream.write(SHOW_CURSOR);
  const invalidate = () => {
    isDirty = true;
  };
  stream.on('resize', invalidate);
  process.on('exit', showCursor);
  stream.write(HIDE_CURSOR);

  return {
    invalidate,
    log: (lines) => {
      if (lines.length > 0) draw(lines);
    },
    pause: () => {
      erase();
      isPaused = true;
      stream.write(SHOW_CURSOR);
    },
    resume: () => {
      isPaused = false;
      isDirty = true;
      stream.write(HIDE_CURSOR);
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      clearInterval(tick);
      stream.off('resize', invalidate);
      process.off('exit', showCursor);
      erase();
      showCursor();
    },
  };
}
