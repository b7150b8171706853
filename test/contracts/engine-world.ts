import type { Ctx, Definition, Engine, EventLog, StepContext } from '../../src/core/engine/port.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';

/** One process's view of the storage. */
export interface EngineDoor {
  engine: Engine;
  events: EventLog;
}

/** Storage that outlives engines, and a clock. */
export interface EngineWorld {
  /** An engine as another process would open it. */
  open(): Promise<EngineDoor>;
  /** Lets time pass for all engines of the world. */
  advance(ms: number): Promise<void>;
  now(): number;
  /** Stops all engines and removes the storage. */
  close(): Promise<void>;
}

export const define = <I, O>(name: string, run: (ctx: Ctx, input: I) => Promise<O>): Definition<I, O> => ({
  name,
  run,
});

export const event = (message: string): DomainEvent => ({
  type: 'wait.began',
  gate: 'plan',
  waitOn: 'run',
  topic: 'topic',
  message,
  code: null,
});

/** A promise that the test resolves, and the news that somebody waits for it. */
export function latch<T = void>() {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<T>();
  return {
    reached: reached.promise,
    open: opened.resolve,
    wait: () => {
      reached.resolve();
      return opened.promise;
    },
  };
}

/** Step that ends only by its signal; `reached` resolves when it runs. */
export function hanging() {
  const reached = Promise.withResolvers<StepContext>();
  const run = (s: StepContext) =>
    new Promise<never>((_, reject) => {
      s.signal.addEventListener('abort', () => reject(new AppError({ code: 'aborted', message: 'told to end' })));
      reached.resolve(s);
    });
  return { reached: reached.promise, run };
}

/** Opens an engine that knows the definitions. */
export type OpenWith = (...definitions: Definition<never, unknown>[]) => Promise<EngineDoor>;
