/** Time to pixels, and the ticks of the axis. */
export interface GanttScale {
  /** Pixels from the left edge; may lie outside the picture. */
  x(ms: number): number;
  /** Pixels of a stretch of time, at least `MIN_BAR_PX` so that it can be seen. */
  width(startMs: number, endMs: number): number;
}

export const MIN_BAR_PX = 3;
export const MAX_ZOOM = 64;

export function ganttScale(fromMs: number, toMs: number, widthPx: number): GanttScale {
  const perMs = widthPx / Math.max(1, toMs - fromMs);
  return {
    x: (ms) => (ms - fromMs) * perMs,
    width: (startMs, endMs) => Math.max(MIN_BAR_PX, (endMs - startMs) * perMs),
  };
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 15, 30]
  .map((count) => count * SECOND)
  .concat([1, 2, 5, 10, 15, 30].map((count) => count * MINUTE))
  .concat([1, 2, 3, 6, 12].map((count) => count * HOUR));

/** The smallest round step of which at most `count` fit. */
export function tickStepMs(spanMs: number, count: number): number {
  const wantedMs = spanMs / Math.max(1, count);
  return STEPS.find((step) => step >= wantedMs) ?? Math.ceil(wantedMs / DAY) * DAY;
}

/** Milliseconds since the beginning at which the axis has a line, at most `count` after the first. */
export function ticks(spanMs: number, count: number): number[] {
  const step = tickStepMs(spanMs, count);
  return Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, index) => index * step);
}

/** A zoom factor one notch in or out, within 1 and MAX_ZOOM. */
export function zoomed(zoom: number, notches: number): number {
  return Math.min(MAX_ZOOM, Math.max(1, zoom * 2 ** notches));
}
