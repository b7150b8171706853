import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { createDeployer } from '../../src/adapters/appwrite/deployer.ts';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { createForge } from '../../src/adapters/github/forge.ts';
import type { AppApi } from '../../src/app/api.ts';
import { readBrief } from '../../src/app/brief-file.ts';
import { compose } from '../../src/app/compose.ts';
import { loadSettings, type Settings } from '../../src/app/config.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Services } from '../../src/core/flow/services.ts';
import type { Clock, Log } from '../../src/core/ports.ts';
import { openTempFolder } from '../../src/core/temp-folder.ts';
import { toAppError } from '../../src/protocol/errors.ts';
import type { RunView } from '../../src/protocol/view.ts';
import type { Deployment } from '../../src/protocol/work.ts';
import { watchDisk } from './disk-watch.ts';
import { EFFECTS, type Order } from './order.ts';
import { tiredSteps } from './tired-steps.ts';

/**
 * One process that starts the run of a state folder, or carries on the one that is there, and says on stdout what became
 * of it: `worker.ts WORKSPACE ORDER`.
 */

/** Long enough to have begun, too short to have ended, for most effects. */
const INSIDE_MS = 15;
/** Between two looks at the steps. */
const LOOK_MS = 50;

const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const log: Log = {
  info: () => undefined,
  warn: (message, fields) => process.stderr.write(`${message} ${JSON.stringify(fields ?? {})}\n`),
};

/** Polls of outside systems come twenty times as fast; the time itself is real. */
const quickClock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 20, signal) };

/** Kills this process once for each effect and moment, over as many processes as it takes; rolling back is one for each kind. */
function deadly<T extends object>(port: T, effects: readonly string[], dieFile: string): T {
  const dieAt = (place: string): boolean => {
    const died = existsSync(dieFile) ? readFileSync(dieFile, 'utf8').split('\n') : [];
    if (died.includes(place)) return false;
    appendFileSync(dieFile, `${place}\n`);
    return true;
  };
  const die = () => process.kill(process.pid, 'SIGKILL');
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string' || !effects.includes(name)) return method;
      return async (...args: unknown[]) => {
        const effect = name === 'rollBack' ? `${name} ${(args[0] as Deployment).kind}` : name;
        if (dieAt(`${effect} before`)) die();
        if (dieAt(`${effect} inside`)) {
          setTimeout(die, INSIDE_MS);
          await Reflect.apply(method, target, args);
          die();
        }
        const value: unknown = await Reflect.apply(method, target, args);
        if (dieAt(`${effect} after`)) die();
        return value;
      };
    },
  });
}

function overrides(settings: Settings, { dieFile, effects = EFFECTS }: Order): Partial<Services> {
  if (dieFile === undefined) return { clock: quickClock };
  const { github, appwrite } = settings;
  const access = { endpoint: appwrite.endpoint, projectId: appwrite.projectId ?? '', apiKey: appwrite.apiKey ?? '' };
  return {
    clock: quickClock,
    repository: deadly(createRepository({ tempDir: openTempFolder({ log }).path }), effects.repository, dieFile),
    forge: deadly(
      createForge({ token: github.token ?? '', apiUrl: github.apiUrl, clock: systemClock }),
      effects.forge,
      dieFile,
    ),
    deployer: deadly(createDeployer({ ...access, clock: systemClock, log }), effects.deployer, dieFile),
  };
}

async function startOrResume(app: AppApi, settings: Settings, order: Order): Promise<string> {
  const runs = await app.list();
  const known = order.rollback ? runs.find((run) => run.purpose === 'rollback') : runs[0];
  if (known !== undefined) {
    if (order.cancel) await app.dispatch({ type: 'cancel', runId: known.runId });
    const isEnded = order.cancel || ['complete', 'failed', 'cancelled'].includes(known.status);
    if (!isEnded) await app.dispatch({ type: 'resume', runId: known.runId, budgetUsd: null });
    return known.runId;
  }
  if (order.rollback) return (await app.dispatch({ type: 'rollback', runId: runs[0]?.runId ?? '' })).runId;
  const brief = await readBrief(order.brief);
  const { runId } = await app.dispatch({
    type: 'start',
    brief,
    workspaceDir: settings.workspaceDir,
    autoApprove: order.autoApprove ?? true,
    askQuestions: false,
    budgetUsd: 10,
    until: order.until ?? 'deploy',
  });
  return runId;
}

async function settle(app: AppApi, runId: string, order: Order): Promise<RunView> {
  for (;;) {
    const view = await app.settled(runId, AbortSignal.timeout(120_000));
    if (!order.approve || !view.waiting.some((wait) => wait.gate !== 'resume')) return view;
    await app.dispatch({ type: 'approve', runId, gate: null });
  }
}

async function sayWhenRested(stateDir: string): Promise<void> {
  while (tiredSteps({ stateDir }) > 0) await delay(LOOK_MS, undefined, { ref: false });
  say({ type: 'rested' });
}

async function main(workspaceDir: string, order: Order): Promise<void> {
  const settings = loadSettings({ env: process.env, workspaceDir });
  if (order.watch !== undefined) watchDisk(settings.stateDir, order.watch);
  const app = await compose({ settings, log, override: overrides(settings, order) });
  try {
    const runId = await startOrResume(app, settings, order);
    // A killed process would not write the cache that makes the next one start faster.
    flushCompileCache();
    say({ type: 'ready', runId });
    if (order.rest) void sayWhenRested(settings.stateDir);
    say({ type: 'settled', view: await settle(app, runId, order) });
  } finally {
    await app.close();
  }
}

const [workspaceDir = '', order = '{}'] = process.argv.slice(2);
try {
  await main(workspaceDir, JSON.parse(order) as Order);
} catch (thrown) {
  const error = toAppError(thrown);
  say({ type: 'failed', code: error.code, message: error.userMessage });
  process.exitCode = 1;
}
