import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createAgentTools } from '../../src/adapters/agents/tools.ts';
import type { Clock } from '../../src/core/ports.ts';
import { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { openRig, type Rig } from '../scenarios/rig.ts';
import { createHostileModel, type HostileModel, temperOf } from './hostile-model.ts';
import { diceFor } from './seeded.ts';
import { fingerprint, keptCommits, makeWorkspace, processesOf, userState } from './traces.ts';

const SETTLED_WITHIN_MS = 120_000;
const GONE_WITHIN_MS = 5_000;
const DECISIONS = 5;
const CENT_FRACTION = 1e-9;

/** Waits between tries pass at once; time moves as if they had not. */
export function hastyClock(): Clock {
  let aheadMs = 0;
  return {
    now: () => Date.now() + aheadMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      aheadMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
    },
  };
}

export interface RandomRun {
  view: RunView;
  model: HostileModel;
  landed: boolean;
}

/** A person who at each wait approves, rejects, raises the budget, cancels or goes home. */
async function decide(rig: Rig, runId: string, view: RunView, seed: number, round: number): Promise<boolean> {
  const dice = diceFor(seed, `person ${round}`);
  const gates = view.waiting.map((waiting) => waiting.gate);
  if (dice.chance(0.1)) return false;
  if (dice.chance(0.08)) await rig.app.dispatch({ type: 'cancel', runId });
  else if (gates.includes('resume')) {
    const budgetUsd = dice.chance(0.4) ? view.budgetUsd + dice.int(1, 5) : null;
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd });
  } else if (gates.includes('questions')) await rig.app.dispatch({ type: 'answer', runId, answers: [] });
  else if (dice.chance(0.65)) await rig.app.dispatch({ type: 'approve', runId, gate: null });
  else await rig.app.dispatch({ type: 'reject', runId, comment: 'Not like this.' });
  return true;
}

async function follow(rig: Rig, runId: string, seed: number): Promise<RunView> {
  let view = await rig.app.settled(runId, AbortSignal.timeout(SETTLED_WITHIN_MS));
  for (let round = 0; round < DECISIONS && view.waiting.length > 0; round += 1) {
    if (!(await decide(rig, runId, view, seed, round))) break;
    view = await rig.app.settled(runId, AbortSignal.timeout(SETTLED_WITHIN_MS));
  }
  return view;
}

function assertStatedEnd(view: RunView): void {
  if (view.status === 'failed') {
    assert.ok(view.error !== null && view.error.userMessage.trim() !== '', 'a failure without a reason');
    assert.notEqual(view.error.code, 'internal', `a failure that nobody foresaw: ${view.error.message}`);
    assert.notEqual(view.error.code, 'engine_conflict', view.error.message);
  } else if (view.status === 'waiting') {
    assert.ok(view.waiting.every((waiting) => waiting.message.trim() !== ''));
  } else assert.ok(view.status === 'complete' || view.status === 'cancelled', `ended as ${view.status}`);
}

function assertBudget(rig: Rig, runId: string, view: RunView, model: HostileModel): void {
  const { capUsd, settledUsd, reservedUsd } = rig.services.ledger.totals(runId);
  assert.ok(settledUsd + reservedUsd <= capUsd + CENT_FRACTION, `${settledUsd} + ${reservedUsd} of ${capUsd}`);
  assert.ok(model.chargedUsd() <= capUsd + CENT_FRACTION, `charged ${model.chargedUsd()} of ${capUsd}`);
  assert.ok(view.cost.usd <= capUsd + CENT_FRACTION);
}

function assertWorkKept(rig: Rig, runId: string): void {
  const committed = rig.eventsOf(runId).flatMap((event) => (event.type === 'subtask.committed' ? [event.commit] : []));
  if (committed.length === 0) return;
  const kept = keptCommits(rig.workspaceDir, runId);
  for (const commit of committed) assert.ok(kept.has(commit), `no ref holds ${commit}, which was reported as saved`);
}

async function assertNoProcessLeft(root: string): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  for (;;) {
    const left = processesOf(root) ?? [];
    if (left.length === 0) return;
    if (Date.now() > deadline) assert.fail(`processes are left:\n${left.join('\n')}`);
    await wait(50);
  }
}

/** One whole run; throws what it did wrong. */
export async function randomRun(seed: number, canConfine: boolean): Promise<RandomRun> {
  const dice = diceFor(seed, 'run');
  const isConfined = canConfine && seed % 2 === 0;
  let sentinelDir = '';
  const prepareWorkspace = (dir: string): void => {
    sentinelDir = join(dirname(dir), 'sentinel');
    mkdirSync(sentinelDir);
    writeFileSync(join(sentinelDir, 'kept.txt'), 'kept\n');
    makeWorkspace(dir);
  };
  const around = {
    get sentinelDir() {
      return sentinelDir;
    },
    isConfined,
  };
  const model = createHostileModel(seed, temperOf(seed), around);
  const unused = aPlan([aSubtask('a')]);
  const rig = await openRig(
    { plan: unused, turn: () => [] },
    {
      models: { lead: model.lead, agent: model.agent },
      clock: hastyClock(),
      forge: createFakeForge(),
      sandbox: isConfined ? 'auto' : 'off',
      policy: { maxTurns: 6, reviewRounds: 2, concurrency: 3 },
      adjust: (services) => {
        const runner = impatient(services.runner);
        return { runner, tools: createAgentTools(runner) };
      },
      prepareWorkspace,
    },
  );
  const root = dirname(rig.workspaceDir);
  try {
    const before = { user: userState(rig.workspaceDir), sentinel: fingerprint(sentinelDir), root: readdirSync(root) };
    const runId = await rig.start({
      autoApprove: dice.chance(0.6),
      askQuestions: dice.chance(0.2),
      budgetUsd: dice.pick([0.3, 1, 3, 10]),
      until: 'review',
    });
    const view = await follow(rig, runId, seed);
    const events = rig.eventsOf(runId);
    for (const event of events) DomainEvent.parse(event);
    assertStatedEnd(view);
    assertBudget(rig, runId, view, model);
    assertWorkKept(rig, runId);
    await rig.app.close();
    await assertNoProcessLeft(root);
    const landed = events.some((event) => event.type === 'changes.landed');
    const isOwn = (line: string) => !line.startsWith('refs/heads/orchestrator/');
    assert.deepEqual(userState(rig.workspaceDir).filter(isOwn), before.user, "the user's own state changed");
    assert.deepEqual(fingerprint(sentinelDir), before.sentinel, 'a path outside was touched');
    assert.deepEqual(readdirSync(root).sort(), [...new Set([...before.root, 'state'])].sort());
    return { view, model, landed };
  } catch (error) {
    const story = [...model.diary, ...failuresOf(rig)].join('\n');
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${story}`, {
      cause: error,
    });
  } finally {
    await rig.close();
  }
}

function failuresOf(rig: Rig): string[] {
  try {
    const runId = readdirSync(join(rig.stateDir, 'runs'))[0] ?? '';
    return rig.eventsOf(runId).map((event) => JSON.stringify(event).slice(0, 300));
  } catch {
    // The store is closed already; the diary has to do.
    return [];
  }
}

/** Commands get seconds, not minutes. */
function impatient(runner: Rig['services']['runner']): Rig['services']['runner'] {
  return { run: (spec, signal) => runner.run({ ...spec, wallMs: Math.min(spec.wallMs, 1_500) }, signal) };
}
