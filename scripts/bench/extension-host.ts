// Functions that `Server.evaluate` sends to the extension host as text: each stands alone.
import type { monitorEventLoopDelay } from 'node:perf_hooks';

declare global {
  var benchDelay: ReturnType<typeof monitorEventLoopDelay> | undefined;
}

/** Watches the delay of the event loop from now on. */
export function startDelay(): void {
  globalThis.benchDelay?.disable();
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
  globalThis.benchDelay = monitorEventLoopDelay({ resolution: 1 });
  globalThis.benchDelay.enable();
}

/** What was seen since `startDelay`, in milliseconds; the resolution of 1 ms is in it. */
export function delaySince(): { p99: number; longest: number } {
  const delay = globalThis.benchDelay;
  if (delay === undefined) throw new Error('nothing is being watched');
  delay.disable();
  return { p99: delay.percentile(99) / 1e6, longest: delay.max / 1e6 };
}

/** In MB. */
export function hostMemory(): { rss: number; heap: number } {
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}
