import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScriptedAgent, ScriptedLead } from '../../test/fakes/models.ts';
import type { AppError } from '../protocol/errors.ts';
import { systemClock } from './clock.ts';
import { openStore, type Store } from './engine/store.ts';
import type { Ledger } from './ledger.ts';
import { createLedger } from './ledger-sqlite.ts';
import { createLimiter } from './limiter.ts';
import { createModelCalls } from './model-calls.ts';
import type { LeadRequest } from './ports.ts';

const REQUEST: LeadRequest = {
  ...{ conversation: 'c', purpose: 'plan', model: 'copilot/some', effort: 'high', instructions: 'i', history: [] },
  ...{ input: 'x', schemaName: 's', schema: {}, maxOutputTokens: 1_000 },
};

describe('calls of unknown price', () => {
  let dir: string;
  let store: Store;
  let ledger: Ledger;
  let asked: number;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'unpriced-'));
    store = openStore(dir, systemClock);
    ledger = createLedger(store);
    asked = 0;
  });
  afterEach(() => {
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (model = REQUEST.model) => {
    const lead = new ScriptedLead(() => {
      asked += 1;
      return { text: 'ok', costUsd: model === REQUEST.model ? null : 0 };
    });
    const calls = createModelCalls({
      lead,
      agent: new ScriptedAgent(() => ({ text: 'ok' })),
      ledger,
      limiter: createLimiter({ clock: systemClock }),
      clock: systemClock,
      random: () => 0,
      log: { info() {}, warn() {} },
    });
    const signal = new AbortController().signal;
    return calls.askLead(
      { ...REQUEST, model },
      { rootRunId: 'r', callKey: `call-${asked}`, signal, subtaskId: null, agentId: null, onRetry: () => {} },
    );
  };

  it('stop at a number that the budget gives, before the model is asked, and go on when the budget is raised', async () => {
    ledger.open('r', 0.03);
    for (let call = 0; call < 3; call += 1) await ask();
    await assert.rejects(ask(), (error: AppError) => {
      assert.equal(error.code, 'budget_exceeded');
      assert.match(error.userMessage, /no known price.*3 of 3 are made\. Raise the budget/);
      return true;
    });
    assert.equal(asked, 3);
    assert.equal(ledger.totals('r').settledUsd, 0);
    ledger.raiseCap('r', 0.04);
    await ask();
    assert.equal(asked, 4);
  });

  it('do not bound those that have a price', async () => {
    ledger.open('r', 0.04);
    for (let call = 0; call < 6; call += 1) await ask('grok-4.7');
    assert.equal(asked, 6);
  });
});
