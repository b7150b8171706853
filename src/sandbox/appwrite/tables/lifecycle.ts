/** How long a column or an index stays as it is while nobody looks. */
const UNSEEN_MS = 3000;

export type Fault = 'processing' | 'stuck' | 'failed';

/** What is to go wrong with columns and indexes that are made on their own; asked once for each, at its creation. */
export interface Faults {
  /** Default null: becomes available. `processing` never ends. */
  column?(key: string): Fault | null;
  index?(key: string): Fault | null;
}

export type Status = 'processing' | 'available' | 'deleting' | 'stuck' | 'failed';

/**
 * Work of the server's queue, without a queue: whoever looks first sees it under way, whoever looks next sees its end.
 * While nobody looks, it ends after three seconds.
 */
export interface Lifecycle {
  /** Milliseconds since the epoch; before it the thing is `processing`. */
  availableAtMs: number;
  /** How it ends instead of `available`. */
  fault?: Fault;
  /** Milliseconds since the epoch; set while it is `deleting`. */
  goneAtMs?: number;
}

/** Inline things are available at once. */
export function begin(inline: boolean, fault: Fault | null): Lifecycle {
  if (inline) return { availableAtMs: 0 };
  return { availableAtMs: Date.now() + UNSEEN_MS, ...(fault === null ? {} : { fault }) };
}

export function beginDeleting<T extends Lifecycle>(thing: T): T {
  return { ...thing, goneAtMs: Date.now() + UNSEEN_MS };
}

export function statusOf(thing: Lifecycle): Status {
  if (thing.goneAtMs !== undefined) return 'deleting';
  if (Date.now() < thing.availableAtMs) return 'processing';
  return thing.fault ?? 'available';
}

export function isAvailable(thing: Lifecycle): boolean {
  return statusOf(thing) === 'available';
}

export function errorOf(thing: Lifecycle): string {
  const status = statusOf(thing);
  return status === 'failed' || status === 'stuck' ? `The database could not finish it (${status}).` : '';
}

/** Without what has been deleted by now. */
export function present<T extends Lifecycle>(things: readonly T[]): T[] {
  return things.filter(({ goneAtMs }) => goneAtMs === undefined || Date.now() < goneAtMs);
}

/** What the next caller finds, after somebody has looked at the named things. */
export function seen<T extends Lifecycle & { key: string }>(things: readonly T[], keys: ReadonlySet<string>): T[] {
  return things
    .filter(({ key, goneAtMs }) => goneAtMs === undefined || !keys.has(key))
    .map((thing) => (keys.has(thing.key) ? { ...thing, availableAtMs: 0 } : thing));
}
