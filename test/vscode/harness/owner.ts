// What a test process started outside itself (processes, folders) has an owner here until it is given back: at the end
// of the process, also by a signal, whatever is still owned is taken down, the newest first.
import { constants } from 'node:os';

type Cleanup = () => void;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const owned = new Set<Cleanup>();

function takeDown(): void {
  for (const cleanup of [...owned].reverse()) {
    owned.delete(cleanup);
    try {
      cleanup();
    } catch (error) {
      console.error(error);
    }
  }
}

function endBySignal(signal: NodeJS.Signals): void {
  // Somebody else answers to the signal and ends the process: with `on`, since a `once` is gone before it is counted.
  if (process.listenerCount(signal) > 1) return;
  // Runs takeDown: without a listener a signal ends Node with no 'exit' event.
  process.exit(128 + constants.signals[signal]);
}

/** Keeps a synchronous, idempotent cleanup for the end of the process; returns the function that lets go of it. */
export function own(cleanup: Cleanup): () => void {
  if (owned.size === 0) {
    process.on('exit', takeDown);
    for (const signal of SIGNALS) process.on(signal, endBySignal);
  }
  owned.add(cleanup);
  return () => {
    if (!owned.delete(cleanup) || owned.size > 0) return;
    process.off('exit', takeDown);
    for (const signal of SIGNALS) process.off(signal, endBySignal);
  };
}
