import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '../../src/core/engine/store.ts';
import type { Ledger } from '../../src/core/ledger.ts';
import { createLedger } from '../../src/core/ledger-sqlite.ts';
import { createLimiter } from '../../src/core/limiter.ts';
import { createModelCalls, type ModelCalls } from '../../src/core/model-calls.ts';
import { worstCaseUsd } from '../../src/core/model-catalog.ts';
import type { AgentTurnReply, AgentTurnRequest, LeadReply, LeadRequest } from '../../src/core/ports.ts';
import { toAppError } from '../../src/protocol/errors.ts';
import { aCost, aFailure, aUsage } from './hostile-failures.ts';
import { hastyClock } from './random-run.ts';
import { type Dice, diceFor } from './seeded.ts';

const RUNS = Number(process.env.HOSTILE_RUNS ?? 200);
const ONE_SEED = process.env.HOSTILE_SEED;
const EPSILON_USD = 1e-9;
const silent = { info: () => {}, warn: () => {} };

/** What the host reserves for the request at the least: its output, without the prompt. */
const worstUsd = (request: { model: string; maxOutputTokens: number }) =>
  worstCaseUsd(request.model, 0, request.maxOutputTokens, { cacheTtl: 'none' }) ?? 0;

interface Spending {
  calls: ModelCalls;
  ledger: Ledger;
  /** What the provider really took. */
  chargedUsd: number;
  check(): void;
}

/** Model calls over the real ledger and limiter, with a provider that charges at random up to the worst case. */
function openSpending(store: Store, runId: string, seed: number, capUsd: number): Spending {
  const ledger = createLedger(store);
  ledger.open(runId, capUsd);
  let asked = 0;
  const reply = async (request: { model: string; maxOutputTokens: number }) => {
    const dice = diceFor(seed, `call ${asked++}`);
    for (let turn = dice.int(0, 3); turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
    if (dice.chance(0.3)) {
      const failure = aFailure(dice, worstUsd(request));
      const costUsd = failure.details?.costUsd;
      if (typeof costUsd === 'number') spending.chargedUsd += costUsd;
      throw failure;
    }
    const costUsd = aCost(dice, worstUsd(request));
    spending.chargedUsd += costUsd;
    spending.check();
    return { provider: 'p', model: request.model, usage: aUsage(dice), costUsd, requestId: null, durationMs: 1 };
  };
  const clock = hastyClock();
  const calls = createModelCalls({
    lead: { ask: async (request): Promise<LeadReply> => ({ ...(await reply(request)), text: '{}', output: [] }) },
    agent: {
      turn: async (request): Promise<AgentTurnReply> => ({
        ...(await reply(request)),
        content: [],
        text: '',
        toolCalls: [],
        stop: 'end',
      }),
    },
    ledger,
    limiter: createLimiter({ clock }),
    clock,
    random: diceFor(seed, 'jitter').next,
    log: silent,
  });
  const spending: Spending = {
    calls,
    ledger,
    chargedUsd: 0,
    check() {
      const totals = ledger.totals(runId);
      const bound = totals.settledUsd + totals.reservedUsd;
      assert.ok(bound <= capUsd + EPSILON_USD, `seed ${seed}: ${bound} of ${capUsd} is spent or reserved`);
      assert.ok(this.chargedUsd <= capUsd + EPSILON_USD, `seed ${seed}: ${this.chargedUsd} of ${capUsd} was charged`);
    },
  };
  return spending;
}

const text = (dice: Dice) => 'x'.repeat(dice.int(0, 20_000));

function leadRequest(dice: Dice): LeadRequest {
  const model = dice.pick(['grok-4.7', 'grok-4.3']);
  const input = text(dice);
  const fixed = { conversation: 'c', purpose: 'plan', instructions: 'i', history: [], schemaName: 's', schema: {} };
  return { ...fixed, effort: 'low', model, input, maxOutputTokens: dice.pick([500, 8_000, 32_000]) };
}

function agentRequest(dice: Dice): AgentTurnRequest {
  const model = dice.pick(['claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5']);
  const messages = [{ role: 'user' as const, text: text(dice) }];
  return { model, effort: 'low', prefix: 'p', suffix: 's', tools: [], messages, maxOutputTokens: dice.int(1, 32_000) };
}

describe('the budget', function () {
  this.timeout(120_000);
  let dir = '';
  let store: Store;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'budget-'));
    store = openStore(dir, { now: () => Date.now(), sleep: async () => {} });
  });
  after(() => {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`is never passed in ${RUNS} runs of parallel callers with random costs and failures`, async () => {
    const seeds = ONE_SEED === undefined ? Array.from({ length: RUNS }, (_, n) => n + 1) : [Number(ONE_SEED)];
    let refusals = 0;
    let answers = 0;
    for (const seed of seeds) {
      const runId = `run-${seed}`;
      const setting = diceFor(seed, 'setting');
      const spending = openSpending(store, runId, seed, setting.pick([0.01, 0.2, 1, 3]));
      const { signal } = new AbortController();
      const caller = async (name: string): Promise<void> => {
        for (let n = 0; n < 8; n += 1) {
          const dice = diceFor(seed, `${name} ${n}`);
          const call = {
            rootRunId: runId,
            callKey: `${name}-${n}`,
            signal,
            subtaskId: null,
            agentId: null,
            onRetry: () => {},
            fallbackModel: 'claude-opus-5-5',
          };
          try {
            if (name === 'lead')
              await spending.calls.askLead(leadRequest(dice), { ...call, fallbackModel: 'grok-4.7' });
            else await spending.calls.turnAgent(agentRequest(dice), call);
            answers += 1;
          } catch (thrown) {
            const { code } = toAppError(thrown);
            assert.notEqual(code, 'internal', `seed ${seed}: ${String(thrown)}`);
            if (code === 'budget_exceeded') refusals += 1;
          }
          spending.check();
        }
      };
      await Promise.all(['lead', 'a', 'b', 'c', 'd'].map(caller));
      const { settledUsd } = spending.ledger.totals(runId);
      assert.ok(
        Math.abs(settledUsd - spending.chargedUsd) < 1e-6,
        `seed ${seed}: ${settledUsd}, ${spending.chargedUsd}`,
      );
    }
    if (seeds.length >= 100) assert.ok(refusals > 100 && answers > 100, `${refusals} refusals, ${answers} answers`);
  });
});
