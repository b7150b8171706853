import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEmbeddedEngine } from '../../src/core/engine/embedded-engine.ts';
import { createEventLog } from '../../src/core/engine/event-log.ts';
import type { Engine } from '../../src/core/engine/port.ts';
import { openStore } from '../../src/core/engine/store.ts';
import { createFakeClock } from '../fakes/clock.ts';
import { engineContract } from './engine.ts';

const log = { info() {}, warn() {} };

engineContract('embedded engine', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'engine-contract-'));
  const clock = createFakeClock();
  const engines: Engine[] = [];
  return {
    async open() {
      const store = openStore(stateDir, clock);
      const engine = createEmbeddedEngine({ store, clock, log });
      engines.push(engine);
      return { engine, events: createEventLog(store) };
    },
    advance: (ms) => clock.advance(ms),
    now: () => clock.now(),
    async close() {
      for (const engine of engines) await engine.stop();
      await rm(stateDir, { recursive: true });
    },
  };
});
