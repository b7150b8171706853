import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { createEmbeddedEngine } from '../../src/core/engine/embedded-engine.ts';
import type { Ctx, Definition, Handle, StepContext } from '../../src/core/engine/port.ts';
import { openStore } from '../../src/core/engine/store.ts';

/**
 * One process that carries the run `crash` on: `engine-crash-worker.ts FOLDER MODE`. Exits with 0 when the run has ended;
 * its outcome is on stdout.
 *
 * MODE `everywhere`: kills itself at the first place where no process has been killed yet. MODE `inside`: the same, but
 * only inside steps. MODE `plain`: never.
 */
// A killed process would not write the cache that makes the next one start faster.
flushCompileCache();

const [folder = '', mode = 'plain'] = process.argv.slice(2);
const effectsDir = join(folder, 'effects');
const killedFile = join(folder, 'killed');
mkdirSync(effectsDir, { recursive: true });

const fileName = (key: string) => key.replaceAll('/', '+').replaceAll(':', '=');

function dieOnceAt(place: string): void {
  if (mode !== 'everywhere' && !(mode === 'inside' && place.endsWith('before its effect'))) return;
  const killed = existsSync(killedFile) ? readFileSync(killedFile, 'utf8').split('\n') : [];
  if (killed.includes(place)) return;
  appendFileSync(killedFile, `${place}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ');
  } catch {
    return false;
  }
}

/** Notes when two living processes are inside the same step. */
function claim(key: string): () => void {
  const path = join(folder, `${fileName(key)}.inside`);
  const holder = existsSync(path) ? Number(readFileSync(path, 'utf8')) : process.pid;
  if (holder !== process.pid && isAlive(holder)) appendFileSync(join(folder, 'overlaps'), `${key}\n`);
  writeFileSync(path, String(process.pid));
  return () => rmSync(path, { force: true });
}

/** Find-or-create: appends to the effect's file only when there is none. */
async function effect(s: StepContext): Promise<number> {
  const release = claim(s.key);
  dieOnceAt(`${s.key} before its effect`);
  s.emit('began', { type: 'stage.entered', stage: 'build' });
  const path = join(effectsDir, fileName(s.key));
  if (!existsSync(path)) writeFileSync(path, s.key, { flag: 'wx' });
  dieOnceAt(`${s.key} after its effect`);
  await new Promise((resolve) => setImmediate(resolve));
  release();
  return s.key.length;
}

const child: Definition<number, number> = {
  name: 'child@1',
  async run(ctx: Ctx, n: number) {
    const a = await ctx.step('first', effect);
    dieOnceAt(`${ctx.runId} after first`);
    await ctx.sleep('nap', 3);
    const b = await ctx.step('second', effect);
    await ctx.publish('done', { type: 'stage.entered', stage: 'review' });
    dieOnceAt(`${ctx.runId} at its end`);
    return a + b + n;
  },
};

const parent: Definition<null, number> = {
  name: 'parent@1',
  async run(ctx: Ctx) {
    let sum = await ctx.step('start', effect);
    dieOnceAt('after start');
    let open: Handle<number>[] = [];
    for (let i = 0; i < 3; i += 1) {
      open.push(await ctx.startChild(`child-${i}`, child, i));
      dieOnceAt(`after starting child ${i}`);
    }
    for (let i = 0; open.length > 0; i += 1) {
      const { handle, outcome } = await ctx.waitAny(`ended-${i}`, open);
      dieOnceAt(`after waitAny ${i}`);
      if (outcome.ok) sum += outcome.value;
      open = open.filter((other) => other.runId !== handle.runId);
    }
    const message = await ctx.waitFor<number>('answer', 'answer', { timeoutMs: 60_000 });
    dieOnceAt('after the answer');
    await ctx.sleep('nap', 3);
    dieOnceAt('after the nap');
    await ctx.publish('done', { type: 'stage.entered', stage: 'done' });
    for (let i = 0; i < 5; i += 1) sum += await ctx.step(`last-${i}`, effect);
    dieOnceAt('at the end');
    return sum + (message ?? 0);
  },
};

const store = openStore(folder, systemClock);
const log = { info() {}, warn: (message: string, fields?: object) => console.error(message, fields) };
const engine = createEmbeddedEngine({ store, clock: systemClock, log, leaseMs: 2_000, beatMs: 500, maxKills: 1_000 });
engine.register(parent, child);
const handle = await engine.start(parent, null, { runId: 'crash' });
await engine.send('crash', 'answer', 1_000, 'answer-1');
dieOnceAt('after sending');
// Another process may own the run now and be killed later.
const retry = setInterval(() => void engine.resume('crash'), 20);
const outcome = await engine.result(handle);
clearInterval(retry);
await engine.stop();
process.stdout.write(JSON.stringify(outcome));
