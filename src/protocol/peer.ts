import * as z from 'zod';
import { AppError, ErrorInfo, toAppError } from './errors.ts';

/**
 * Calls, streamed parts and one-way events between two sides of a message channel: extension host and orchestrator process,
 * extension host and console. Both sides may call.
 *
 * 1. Every call settles: with a value, an error of the other side, its time limit, its signal, or the end of the channel.
 * 2. Parts of a call arrive in order and before its result.
 * 3. A frame that does not fit is dropped and reported to `onBadFrame`; it never throws into the channel.
 */
const id = z.int().nonnegative();
const Frame = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('call'), id, method: z.string(), params: z.unknown() }),
  z.strictObject({ t: z.literal('cancel'), id }),
  z.strictObject({ t: z.literal('part'), id, value: z.unknown() }),
  z.strictObject({ t: z.literal('done'), id, value: z.unknown() }),
  z.strictObject({ t: z.literal('failed'), id, error: ErrorInfo }),
  z.strictObject({ t: z.literal('event'), topic: z.string(), value: z.unknown() }),
]);
export type Frame = z.infer<typeof Frame>;

export interface CallContext {
  /** Aborted when the caller cancels or the channel ends. */
  readonly signal: AbortSignal;
  part(value: unknown): void;
}

export interface PeerOptions {
  /** JSON-safe frames only. May throw when the channel is gone. */
  send(frame: Frame): void;
  /** Answers calls of the other side; params are as they came and must be checked. */
  handle(method: string, params: unknown, context: CallContext): Promise<unknown>;
  onEvent?(topic: string, value: unknown): void;
  onBadFrame?(why: string): void;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Default 60,000. `null` for calls whose end depends on a person or a model. */
  timeoutMs?: number | null;
  onPart?(value: unknown): void;
}

export interface Peer {
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  emit(topic: string, value: unknown): void;
  receive(frame: unknown): void;
  /** Fails what is under way in both directions. Idempotent. */
  close(reason: AppError): void;
}

const CALL_LIMIT_MS = 60_000;

interface Outgoing {
  onPart: ((value: unknown) => void) | undefined;
  settle(outcome: { value: unknown } | { error: AppError }): void;
}

export function createPeer(options: PeerOptions): Peer {
  const outgoing = new Map<number, Outgoing>();
  const incoming = new Map<number, AbortController>();
  let closed: AppError | null = null;
  let nextId = 0;

  const serve = async (frame: Extract<Frame, { t: 'call' }>) => {
    const controller = new AbortController();
    incoming.set(frame.id, controller);
    const reply = (answer: Frame) => {
      if (closed === null) options.send(answer);
    };
    try {
      const context: CallContext = {
        signal: controller.signal,
        part: (value) => reply({ t: 'part', id: frame.id, value }),
      };
      const value = await options.handle(frame.method, frame.params, context);
      reply({ t: 'done', id: frame.id, value: value ?? null });
    } catch (thrown) {
      reply({ t: 'failed', id: frame.id, error: toAppError(thrown).toInfo() });
    } finally {
      incoming.delete(frame.id);
    }
  };

  const dispatch = (frame: Frame): void => {
    switch (frame.t) {
      case 'call':
        // A reply that cannot be sent means that the channel is gone; `close` tells everybody.
        serve(frame).catch((thrown: unknown) => options.onBadFrame?.(String(thrown)));
        return;
      case 'cancel':
        incoming.get(frame.id)?.abort(cancelled());
        return;
      case 'part':
        outgoing.get(frame.id)?.onPart?.(frame.value);
        return;
      case 'done':
        outgoing.get(frame.id)?.settle({ value: frame.value });
        return;
      case 'failed':
        outgoing.get(frame.id)?.settle({ error: AppError.fromInfo(frame.error) });
        return;
      case 'event':
        options.onEvent?.(frame.topic, frame.value);
    }
  };

  return {
    call(method, params, { signal, timeoutMs = CALL_LIMIT_MS, onPart } = {}) {
      if (closed !== null) return Promise.reject(closed);
      if (signal?.aborted) return Promise.reject(cancelled());
      const id = nextId++;
      const waiting = Promise.withResolvers<unknown>();
      const giveUp = (error: AppError) => {
        if (!outgoing.has(id)) return;
        if (closed === null) options.send({ t: 'cancel', id });
        outgoing.get(id)?.settle({ error });
      };
      const onAbort = () => giveUp(cancelled());
      const timer = timeoutMs === null ? undefined : setTimeout(() => giveUp(tooLate(method, timeoutMs)), timeoutMs);
      outgoing.set(id, {
        onPart,
        settle(outcome) {
          outgoing.delete(id);
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          if ('error' in outcome) waiting.reject(outcome.error);
          else waiting.resolve(outcome.value);
        },
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        options.send({ t: 'call', id, method, params });
      } catch (thrown) {
        outgoing.get(id)?.settle({ error: toAppError(thrown) });
      }
      return waiting.promise;
    },
    emit(topic, value) {
      if (closed === null) options.send({ t: 'event', topic, value });
    },
    receive(raw) {
      if (closed !== null) return;
      const parsed = Frame.safeParse(raw);
      if (parsed.success) dispatch(parsed.data);
      else options.onBadFrame?.(parsed.error.message);
    },
    close(reason) {
      if (closed !== null) return;
      closed = reason;
      for (const call of [...outgoing.values()]) call.settle({ error: reason });
      for (const controller of incoming.values()) controller.abort(reason);
    },
  };
}

function cancelled(): AppError {
  return new AppError({ code: 'aborted', message: 'the call was cancelled', userMessage: 'Cancelled.' });
}

function tooLate(method: string, timeoutMs: number): AppError {
  return new AppError({
    code: 'timeout',
    message: `${method} did not answer within ${timeoutMs} ms`,
    userMessage: `The orchestrator did not answer within ${Math.round(timeoutMs / 1000)} seconds. Try again; "Show Log" has details.`,
  });
}
