import assert from 'node:assert/strict';
import { ScriptedAgent, ScriptedLead } from '../../test/fakes/models.ts';
import { AppError, type AppErrorInit, type ErrorCode } from '../protocol/errors.ts';
import type { Ledger } from './ledger.ts';
import { createLimiter } from './limiter.ts';
import { createModelCalls, type ModelCall, type RetryFields } from './model-calls.ts';
import type { AgentTurnRequest, Clock, LeadReply, LeadRequest } from './ports.ts';

const LEAD: LeadRequest = {
  ...{ conversation: 'c', purpose: 'plan', model: 'grok-4.7', effort: 'high', instructions: 'i', history: [] },
  ...{ input: 'x', schemaName: 's', schema: {}, maxOutputTokens: 1_000 },
};
const TURN: AgentTurnRequest = {
  ...{ model: 'claude-sonnet-5-5', effort: 'medium', prefix: 'p', suffix: 's', tools: [], maxOutputTokens: 1_000 },
  messages: [{ role: 'user', text: 'go' }],
};

/** Sleeps pass at once, and the time with them. */
function skippingClock(): Clock & { slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    async sleep(ms, signal) {
      if (signal.aborted) throw new AppError({ code: 'aborted', message: 'aborted' });
      slept.push(ms);
      now += ms;
    },
  };
}

type Entry = { state: 'reserved' | 'settled' | 'released'; usd: number };

function memoryLedger(capUsd = 100, onDisk = Promise.resolve()) {
  const entries = new Map<string, Entry>();
  const sum = (state: Entry['state']) =>
    [...entries.values()].filter((entry) => entry.state === state).reduce((total, entry) => total + entry.usd, 0);
  const totals = () => ({
    capUsd,
    settledUsd: sum('settled'),
    reservedUsd: sum('reserved'),
    calls: entries.size,
  });
  const ledger: Ledger = {
    open: totals,
    raiseCap: totals,
    totals,
    setPaused: () => {},
    reserve(_run, key, usd) {
      assert.ok(!entries.has(key), `${key} is reserved twice`);
      if (sum('settled') + sum('reserved') + usd > capUsd) {
        throw new AppError({ code: 'budget_exceeded', message: 'over' });
      }
      entries.set(key, { state: 'reserved', usd });
      return { onDisk };
    },
    settle: (_run, key, usd) => void entries.set(key, { state: 'settled', usd }),
    release: (_run, key) => void entries.set(key, { state: 'released', usd: 0 }),
  };
  return { ledger, entries };
}

function setup(
  lead: ScriptedLead,
  agent = new ScriptedAgent(() => ({ text: 'ok' })),
  capUsd = 100,
  onDisk: Promise<void> = Promise.resolve(),
) {
  const clock = skippingClock();
  const { ledger, entries } = memoryLedger(capUsd, onDisk);
  const retries: RetryFields[] = [];
  const quiet = { info() {}, warn() {} };
  const limiter = createLimiter({ clock });
  const calls = createModelCalls({ lead, agent, ledger, limiter, clock, random: () => 0.5, log: quiet });
  const controller = new AbortController();
  const call: ModelCall = {
    ...{ rootRunId: 'r', callKey: 'r:plan', signal: controller.signal, subtaskId: null, agentId: null },
    onRetry: (fields) => retries.push(fields),
  };
  const states = () => [...entries].map(([key, entry]) => `${key} ${entry.state}`);
  return { calls, call, clock, entries, retries, controller, states, limiter };
}

/** Fails as listed, then answers. */
function failing(...failures: AppErrorInit[]): ScriptedLead {
  const left = [...failures];
  return new ScriptedLead(() => {
    const next = left.shift();
    if (next !== undefined) throw new AppError(next);
    return { text: 'ok', costUsd: 0.25 };
  });
}
const failure = (code: ErrorCode, details?: NonNullable<AppErrorInit['details']>): AppErrorInit => ({
  code,
  message: code,
  ...(details === undefined ? {} : { details }),
});
const repeat = (init: AppErrorInit, times: number): AppErrorInit[] => Array.from({ length: times }, () => init);

describe('model calls', () => {
  it('reserves the worst case before the call and settles what it cost', async () => {
    let reservedUsd = 0;
    const lead = new ScriptedLead((): Partial<LeadReply> & { text: string } => {
      reservedUsd = entries.get('r:plan#1')?.usd ?? -1;
      return { text: 'ok', costUsd: 0.002 };
    });
    const { calls, call, entries } = setup(lead);
    assert.equal((await calls.askLead(LEAD, call)).text, 'ok');
    assert.ok(reservedUsd > 0.006 && reservedUsd < 0.0061, String(reservedUsd));
    assert.deepEqual(entries.get('r:plan#1'), { state: 'settled', usd: 0.002 });
  });

  it('refuses a call that might exceed the budget before the model is asked', async () => {
    const lead = failing();
    const { calls, call, limiter } = setup(lead, undefined, 0.005);
    await assert.rejects(calls.askLead(LEAD, call), { code: 'budget_exceeded' });
    assert.equal(lead.requests.length, 0);
    const again = await limiter.acquire('xai/grok-4.7', call.signal);
    again.release(null);
  });

  it('settles nothing for a model without a price', async () => {
    const lead = new ScriptedLead(() => ({ text: 'ok', costUsd: null }));
    const { calls, call, entries } = setup(lead);
    assert.equal((await calls.askLead({ ...LEAD, model: 'mystery' }, call)).costUsd, null);
    assert.deepEqual(entries.get('r:plan#1'), { state: 'settled', usd: 0 });
  });

  it('backs off with full jitter, doubling, and releases each try that the provider refused', async () => {
    const { calls, call, clock, retries, states } = setup(failing(...repeat(failure('overloaded'), 5)));
    await calls.askLead(LEAD, call);
    assert.deepEqual(clock.slept, [500, 1_000, 2_000, 4_000, 8_000]);
    assert.deepEqual(
      retries.map(({ attempt, kind, provider }) => [attempt, kind, provider]),
      [1, 2, 3, 4, 5].map((attempt) => [attempt, 'overloaded', 'xai']),
    );
    assert.deepEqual(states(), [...[1, 2, 3, 4, 5].map((n) => `r:plan#${n} released`), 'r:plan#6 settled']);
  });

  for (const [code, tries] of [
    ['rate_limited', 6],
    ['overloaded', 6],
    ['transport', 6],
    ['server', 4],
    ['timeout', 2],
    ['auth', 1],
    ['quota_exhausted', 1],
    ['invalid_request', 1],
    ['no_recording', 1],
    ['too_large', 1],
    ['malformed', 2],
    ['refusal', 1],
  ] as const) {
    it(`tries ${tries} times in all on ${code}`, async () => {
      const lead = failing(...repeat(failure(code), 20));
      const { calls, call } = setup(lead);
      await assert.rejects(calls.askLead(LEAD, call), { code });
      assert.equal(lead.requests.length, tries);
    });
  }

  it('waits as long as the server asks, for all calls of the model', async () => {
    const { calls, call, clock } = setup(failing(failure('rate_limited', { retryAfterMs: 7_000 })));
    await calls.askLead(LEAD, call);
    assert.deepEqual(clock.slept, [7_000]);
  });

  it('gives up at once when the server asks for more than ten minutes, and says for how long', async () => {
    const { calls, call, clock } = setup(failing(failure('rate_limited', { retryAfterMs: 3_600_000 })));
    await assert.rejects(calls.askLead(LEAD, call), (error: AppError) => {
      assert.equal(error.code, 'rate_limited');
      assert.equal(error.retry, false);
      assert.equal(error.details?.parkMs, 3_600_000);
      return true;
    });
    assert.deepEqual(clock.slept, []);
  });

  it('parks the other calls of a model too while the provider asks for a long wait', async () => {
    const lead = failing(failure('rate_limited', { retryAfterMs: 3_600_000 }));
    const { calls, call } = setup(lead);
    await assert.rejects(calls.askLead(LEAD, call), { code: 'rate_limited' });
    await assert.rejects(calls.askLead(LEAD, { ...call, callKey: 'other' }), (error: AppError) => {
      assert.equal(error.details?.parkMs, 3_600_000);
      return !error.retry;
    });
    assert.equal(lead.requests.length, 1);
  });

  it('stops when ten minutes are over, whatever the number of tries', async () => {
    const lead = failing(...repeat(failure('rate_limited', { retryAfterMs: 250_000 }), 6));
    const { calls, call } = setup(lead);
    await assert.rejects(calls.askLead(LEAD, call), { code: 'rate_limited', retry: false });
    assert.equal(lead.requests.length, 3);
  });

  it('leaves the reservation of a try whose outcome is unknown, and releases one that never left', async () => {
    const { calls, call, states } = setup(
      failing(failure('transport', { charged: 'unknown' }), failure('transport', { charged: 'no' })),
    );
    await calls.askLead(LEAD, call);
    assert.deepEqual(states(), ['r:plan#1 reserved', 'r:plan#2 released', 'r:plan#3 settled']);
  });

  it('settles what a refused answer cost, and asks the fallback model once', async () => {
    const agent = new ScriptedAgent(({ model }) => {
      if (model === 'claude-opus-5-5') return { text: 'ok' };
      throw new AppError(failure('refusal', { charged: 'yes', costUsd: 0.03 }));
    });
    const { calls, call, entries } = setup(failing(), agent);
    const reply = await calls.turnAgent(TURN, { ...call, fallbackModel: 'claude-opus-5-5' });
    assert.equal(reply.model, 'claude-opus-5-5');
    assert.deepEqual(entries.get('r:plan#1'), { state: 'settled', usd: 0.03 });
  });

  it('gives a refusal back when the fallback refuses too', async () => {
    const agent = new ScriptedAgent(() => {
      throw new AppError(failure('refusal'));
    });
    const { calls, call } = setup(failing(), agent);
    await assert.rejects(calls.turnAgent(TURN, { ...call, fallbackModel: 'claude-opus-5-5' }), { code: 'refusal' });
    assert.equal(agent.requests.length, 2);
  });

  it('asks for a cut lead answer once more with twice the room', async () => {
    const lead = failing(...repeat(failure('truncated', { charged: 'yes', costUsd: 0.01 }), 3));
    const { calls, call } = setup(lead);
    await assert.rejects(calls.askLead(LEAD, call), { code: 'truncated' });
    assert.deepEqual(
      lead.requests.map((request) => request.maxOutputTokens),
      [1_000, 2_000],
    );
  });

  it('ends when cancelled even if the model does not notice, and keeps the reservation', async () => {
    const { calls, call, controller, states } = setup(new ScriptedLead(() => new Promise(() => {})));
    const pending = calls.askLead(LEAD, call);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await assert.rejects(pending, { code: 'aborted' });
    assert.deepEqual(states(), ['r:plan#1 reserved']);
  });

  it('halves the shared gate of the model on a rate limit', async () => {
    const { calls, call, limiter } = setup(failing(failure('rate_limited')));
    assert.equal(limiter.slots('xai/grok-4.7'), 8);
    await calls.askLead(LEAD, call);
    assert.equal(limiter.slots('xai/grok-4.7'), 4);
  });

  it('sends nothing before the reservation is on the disk, and nothing when it cannot be brought there', async () => {
    const disk = Promise.withResolvers<void>();
    const agent = new ScriptedAgent(() => ({ text: 'ok' }));
    const waiting = setup(failing(), agent, 100, disk.promise);
    const turn = waiting.calls.turnAgent(TURN, waiting.call);
    while (waiting.entries.size === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(agent.requests.length, 0);
    disk.resolve();
    assert.equal((await turn).stop, 'end');
    assert.equal(agent.requests.length, 1);

    const error = new AppError({ code: 'storage_failed', message: 'EIO' });
    const lead = failing();
    const failed = setup(lead, agent, 100, Promise.reject(error));
    await assert.rejects(failed.calls.turnAgent(TURN, failed.call), { code: 'storage_failed' });
    await assert.rejects(failed.calls.askLead(LEAD, { ...failed.call, callKey: 'other' }), { code: 'storage_failed' });
    assert.deepEqual([agent.requests.length, lead.requests.length], [1, 0]);
    assert.deepEqual(
      [...failed.entries.values()].map(({ state }) => state),
      ['released', 'released'],
    );
  });

  it('passes an agent turn on with its text as it comes', async () => {
    const deltas: string[] = [];
    const { calls, call } = setup(failing());
    const reply = await calls.turnAgent(TURN, { ...call, onText: (delta) => deltas.push(delta) });
    assert.equal(reply.stop, 'end');
    assert.deepEqual(deltas, ['ok']);
  });

  it('has the lead get ready, and asks it also when that failed', async () => {
    const prepared: string[] = [];
    const lead = Object.assign(failing(), {
      prepare: async () => {
        prepared.push('lead');
        throw new Error('not loaded');
      },
    });
    const { calls, call } = setup(lead);
    calls.prepareLead();
    assert.deepEqual(prepared, ['lead']);
    assert.equal((await calls.askLead(LEAD, call)).text, 'ok');
    setup(failing()).calls.prepareLead();
  });

  it('has the agents get ready when the lead is asked, once, and asks them also when that failed', async () => {
    const { promise: isPrepared, resolve: prepared } = Promise.withResolvers<void>();
    let times = 0;
    const agent = Object.assign(new ScriptedAgent(() => ({ text: 'ok' })), {
      prepare: async () => {
        times += 1;
        prepared();
        throw new Error('not loaded');
      },
    });
    const { calls, call } = setup(failing(), agent);
    await calls.askLead(LEAD, call);
    await calls.askLead(LEAD, { ...call, callKey: 'r:review' });
    await isPrepared;
    assert.equal((await calls.turnAgent(TURN, { ...call, callKey: 'r:turn' })).text, 'ok');
    assert.equal(times, 1);
  });

  it('has worked on one answer, up to a request that waits for the disk, before the next answer is given', async () => {
    const { promise: onDisk, resolve: flushed } = Promise.withResolvers<void>();
    const disks = [Promise.resolve(), Promise.resolve(), onDisk];
    const { ledger } = memoryLedger(100, Promise.resolve());
    const clock = skippingClock();
    const calls = createModelCalls({
      lead: failing(),
      agent: new ScriptedAgent(() => ({ text: 'ok' })),
      ledger: { ...ledger, reserve: (...given) => ({ ...ledger.reserve(...given), onDisk: disks.shift() ?? onDisk }) },
      limiter: createLimiter({ clock }),
      clock,
      random: () => 0.5,
      log: { info() {}, warn() {} },
    });
    const callOf = (callKey: string): ModelCall => ({
      ...{ rootRunId: 'r', callKey, signal: new AbortController().signal, subtaskId: null, agentId: null },
      onRetry: () => {},
    });
    const order: string[] = [];
    const goOn = async (name: string) => {
      await calls.turnAgent(TURN, callOf(`${name}-1`));
      order.push(name);
      if (name === 'a') await calls.turnAgent(TURN, callOf('a-2'));
    };
    const both = Promise.all(['a', 'b'].map(goOn));
    for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(order, ['a']);
    flushed();
    await both;
    assert.deepEqual(order, ['a', 'b']);
  });
});
