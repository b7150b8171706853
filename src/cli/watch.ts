import type { AppApi } from '../app/api.ts';
import { AppError } from '../protocol/errors.ts';
import type { EventRecord } from '../protocol/events.ts';
import { emptyView, fold, type RunView } from '../protocol/view.ts';
import { type Io, printJson, say } from './io.ts';
import { eventLines, type LogLine } from './progress/event-lines.ts';
import { renderFrame } from './progress/frame.ts';
import { type LiveRegion, openLiveRegion } from './progress/live-region.ts';
import { createPaint, formatClock, type Paint, wrap } from './progress/text.ts';

export interface WatchOptions {
  runId: string;
  /** Events up to this view are not shown again; null shows all. */
  from: RunView | null;
  /** Events as JSON lines on stdout; stderr then has plain lines only. */
  json: boolean;
}

export interface RunWatch {
  /** The fold of the events shown so far. */
  view(): RunView;
  /** Shows what the event table holds already. */
  catchUp(): void;
  /** Resolves when the view fits; rejects with the signal, or with `engine_conflict` after limitMs. */
  until(fits: (view: RunView) => boolean, limitMs: number, signal: AbortSignal): Promise<void>;
  /** Calls back after every shown event; returns the function that ends this. */
  onChange(listener: () => void): () => void;
  /** Writes a line for people between the others. */
  tell(text: string): void;
  /** Takes the progress off the screen while somebody is asked. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Shows a run while it goes on: a live region on a terminal, else one line an event. Owns its subscription. */
export function watchRun(app: AppApi, io: Io, options: WatchOptions): RunWatch {
  const paint = createPaint(io.hasColor);
  const listeners = new Set<() => void>();
  let view = options.from ?? emptyView(options.runId);
  const region: LiveRegion | null =
    io.isLive && !options.json
      ? openLiveRegion(io.stderr, (size) => renderFrame(view, { ...size, nowMs: io.now(), paint }))
      : null;

  const show = (record: EventRecord) => {
    if (record.seq <= view.seq) return;
    view = fold(view, record);
    if (options.json) printJson(io, record);
    const columns = region === null ? null : (io.stderr.columns ?? 80);
    const lines = eventLines(record.event).flatMap((line) => logLines(line, record.at, view, columns, paint));
    if (region === null) for (const line of lines) io.stderr.write(`${line}\n`);
    else {
      region.log(lines);
      region.invalidate();
    }
    for (const listener of listeners) listener();
  };
  const unsubscribe = app.subscribe(options.runId, view.seq, show);

  return {
    view: () => view,
    catchUp: () => {
      for (;;) {
        const records = app.events(options.runId, view.seq);
        if (records.length === 0) return;
        records.forEach(show);
      }
    },
    until: (fits, limitMs, signal) => untilFits(listeners, () => fits(view), limitMs, signal),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (text) => (region === null ? say(io, text) : region.log([text])),
    pause: () => region?.pause(),
    resume: () => region?.resume(),
    close: () => {
      unsubscribe();
      region?.close();
    },
  };
}

async function untilFits(
  listeners: Set<() => void>,
  fits: () => boolean,
  limitMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (fits()) return;
  signal.throwIfAborted();
  const waiting = Promise.withResolvers<void>();
  const check = () => fits() && waiting.resolve();
  const abort = () => waiting.reject(signal.reason);
  const timer = setTimeout(() => waiting.reject(notTaken(limitMs)), limitMs);
  listeners.add(check);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await waiting.promise;
  } finally {
    clearTimeout(timer);
    listeners.delete(check);
    signal.removeEventListener('abort', abort);
  }
}

function notTaken(limitMs: number): AppError {
  return new AppError({
    code: 'engine_conflict',
    message: `the answer was not taken within ${limitMs} ms`,
    userMessage:
      'The run did not take the answer. Another window or process may own it: close that one, or wait half a minute, and try again.',
  });
}

const MARKS: Record<LogLine['tone'], { mark: string; style: 'green' | 'red' | 'yellow' | 'dim' }> = {
  good: { mark: '✓', style: 'green' },
  bad: { mark: '✗', style: 'red' },
  wait: { mark: '!', style: 'yellow' },
  info: { mark: ' ', style: 'dim' },
};

/** `[1:05] ✓ plan accepted`: minutes and seconds since the run began. `columns` null leaves long lines as they are. */
function logLines(line: LogLine, at: string, view: RunView, columns: number | null, paint: Paint): string[] {
  const stamp = `[${formatClock(Date.parse(at) - Date.parse(view.startedAt ?? at))}]`;
  const { mark, style } = MARKS[line.tone];
  const indent = stamp.length + 3;
  const parts = columns === null ? [line.text] : wrap(line.text, Math.max(20, columns - indent - 1));
  return parts.map((part, index) => {
    const text = line.tone === 'bad' ? paint('red', part) : part;
    return index === 0 ? `${paint('dim', stamp)} ${paint(style, mark)} ${text}` : ' '.repeat(indent) + text;
  });
}
