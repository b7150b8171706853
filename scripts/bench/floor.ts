import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Mock } from './mock.ts';
import { gaps, median } from './stats.ts';

const REPEATS = 5;

/**
 * Milliseconds from each request to the next when the bare SDK asks the same requests of the same server, in a process of
 * its own: the median of several rounds after one for warming up.
 */
export async function sdkFloorMs(mock: Mock, bodies: readonly string[]): Promise<number[]> {
  const child = fork(fileURLToPath(new URL('./floor-process.ts', import.meta.url)), { execArgv: [] });
  await mock.take();
  const exited = once(child, 'exit', { signal: AbortSignal.timeout(120_000) });
  child.send({ url: mock.url, bodies, repeats: REPEATS + 1 });
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`the bare SDK ended with ${code}`);
  const times = (await mock.take()).map((request) => request.receivedMs);
  const rounds = Array.from({ length: REPEATS }, (_, round) => {
    const start = (round + 1) * bodies.length;
    return gaps(times.slice(start, start + bodies.length));
  });
  return bodies.slice(1).map((_, index) => median(rounds.map((round) => round[index] ?? Number.NaN)));
}
