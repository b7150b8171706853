import { availableMemory } from 'node:process';
import type { CommandResult, CommandRunner } from './ports.ts';

/**
 * Keeps commands of parallel work from starving each other and the computer.
 *
 * Invariants:
 * 1. The heavy commands under way never need more than the cores and the memory given, unless only one runs: one always may.
 * 2. They start in the order of asking; a large one is not overtaken by small ones. Light ones never wait.
 * 3. What a command was given comes back exactly once, however it ends. Its limits count from its start, not from its asking.
 */
export interface CommandLimits {
  /** Processor cores that heavy commands may use together. */
  cores: number;
  /** Memory that heavy commands may use together, in bytes. */
  memoryBytes: number;
  /** What a command line needs; default `commandNeeds`. Null: light, never limited. */
  needs?: (command: string) => CommandNeeds | null;
  /** Memory that the system could give now, in bytes; default is what Node reports. */
  freeMemoryBytes?: () => number;
}

export interface CommandNeeds {
  cores: number;
  memoryBytes: number;
}

const GIB = 1024 ** 3;

/** Builds, test suites and installations: several processes or threads. */
const WIDE =
  /\b(npm|pnpm|yarn|bun)\s+(ci|i|install|add|test|t|run\s+(build|test|lint|check)\S*|build)\b|\b(tsc|vite\s+build|webpack|rollup|next\s+build|playwright|cypress|vitest|jest|mocha|cargo|mvn|gradlew?|make|cmake|ninja|pytest|tox|dotnet|docker)\b|\bgo\s+(build|test|vet)\b|\bnode\s+--test\b/;
/** Interpreters: one thread, as a rule. */
const NARROW = /\b(node|npx|bunx?|deno|python3?|ruby|java|php|tsx|eslint|biome|prettier)\b/;

/** An estimate from the command line; null for shell commands that need next to nothing. */
export function commandNeeds(command: string): CommandNeeds | null {
  if (WIDE.test(command)) return { cores: 2, memoryBytes: GIB };
  if (NARROW.test(command)) return { cores: 1, memoryBytes: GIB / 4 };
  return null;
}

const CANCELLED: CommandResult = { exitCode: null, ended: 'cancelled', durationMs: 0, output: '', outputBytes: 0 };

/** A runner whose heavy commands wait for their turn. A command that is cancelled while it waits never starts. */
export function limitCommands(runner: CommandRunner, limits: CommandLimits): CommandRunner {
  const { needs = commandNeeds, freeMemoryBytes = availableMemory } = limits;
  const queue: { needs: CommandNeeds; start: () => void }[] = [];
  const inUse = { commands: 0, cores: 0, memoryBytes: 0 };

  const fits = (wanted: CommandNeeds): boolean =>
    inUse.commands === 0 ||
    (inUse.cores + wanted.cores <= limits.cores &&
      inUse.memoryBytes + wanted.memoryBytes <= limits.memoryBytes &&
      freeMemoryBytes() >= wanted.memoryBytes);

  // Asked again whenever a command ends, so that nobody has to look at the memory by the clock.
  const pump = (): void => {
    for (let next = queue[0]; next !== undefined && fits(next.needs); next = queue[0]) {
      queue.shift();
      inUse.commands += 1;
      inUse.cores += next.needs.cores;
      inUse.memoryBytes += next.needs.memoryBytes;
      next.start();
    }
  };

  const giveBack = (held: CommandNeeds): void => {
    inUse.commands -= 1;
    inUse.cores -= held.cores;
    inUse.memoryBytes -= held.memoryBytes;
    pump();
  };

  /** False: cancelled while waiting. */
  const turn = (wanted: CommandNeeds, signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const entry = {
        needs: wanted,
        start: () => {
          signal.removeEventListener('abort', onAbort);
          resolve(true);
        },
      };
      const onAbort = (): void => {
        const place = queue.indexOf(entry);
        if (place < 0) return;
        queue.splice(place, 1);
        resolve(false);
        // It may have been the large one that the others waited behind.
        pump();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      queue.push(entry);
      pump();
    });

  return {
    async run(spec, signal) {
      const wanted = needs(spec.command);
      if (wanted === null) return runner.run(spec, signal);
      if (signal.aborted || !(await turn(wanted, signal))) return CANCELLED;
      try {
        return await runner.run(spec, signal);
      } finally {
        giveBack(wanted);
      }
    },
  };
}
