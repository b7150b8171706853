import { AppError } from '../../protocol/errors.ts';
import type { GuardLimits } from './call-guard.ts';

/** Bounds one call over the editor: silence, length, cancellation, also when the other side does not notice. */
export interface Watch {
  /** Fires when the caller cancels or a limit is reached. */
  readonly signal: AbortSignal;
  readonly state: { sent: boolean; timedOut: 'idle' | 'wall' | null };
  /** The work, or a rejection as soon as the signal fires. */
  until<T>(work: Promise<T>): Promise<T>;
  /** From here on the vendor may charge. */
  sent(): void;
  /** Something came. False when the call is over already. */
  heard(): boolean;
  close(): void;
}

export function createWatch(outer: AbortSignal, limits: GuardLimits): Watch {
  const { idleMs = 60_000, wallMs = 1_200_000 } = limits;
  const own = new AbortController();
  const signal = AbortSignal.any([outer, own.signal]);
  const state: Watch['state'] = { sent: false, timedOut: null };
  const giveUp = (reason: 'idle' | 'wall'): void => {
    state.timedOut ??= reason;
    own.abort();
  };
  const idle = setTimeout(() => giveUp('idle'), idleMs);
  const wall = setTimeout(() => giveUp('wall'), wallMs);
  let open = true;
  const live = (): boolean => open && !signal.aborted;

  return {
    signal,
    state,
    async until(work) {
      // A call that is given up still ends later; its failure has no listener then.
      work.catch(() => {});
      const { promise: over, reject } = Promise.withResolvers<never>();
      const onAbort = (): void => reject(new AppError({ code: 'aborted', message: 'the call was given up' }));
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        return await Promise.race([over, work]);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    sent() {
      state.sent = true;
      if (live()) idle.refresh();
    },
    heard() {
      // Refreshing a cleared timer would start it again.
      if (!live()) return false;
      idle.refresh();
      return true;
    },
    close() {
      open = false;
      clearTimeout(idle);
      clearTimeout(wall);
    },
  };
}
