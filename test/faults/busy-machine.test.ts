import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { syncBuiltinESMExports } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import { join } from 'node:path';
import { availableMemory } from 'node:process';
import type { AppApi } from '../../src/app/api.ts';
import { compose } from '../../src/app/compose.ts';
import { loadSettings } from '../../src/app/config.ts';
import type { ModelCalls } from '../../src/core/model-calls.ts';
import type { AgentTurnRequest, LeadRequest } from '../../src/core/ports.ts';
import { commitFiles, makePlace, type Place } from '../durability/place.ts';
import { ScriptedAgent, ScriptedLead } from '../fakes/models.ts';
import { aBrief, aPlan, aSubtask } from '../fakes/plan.ts';
import { approve } from '../scenarios/rig.ts';

const GIB = 1024 ** 3;
const AGENTS = ['a', 'b', 'c', 'd'];
const AT_ONCE = 2;
/** Programs that are started, one after the other, before a command under way may end. */
const CONTROLS = 3;
/** A command that is heavy by its name and lasts until the test lets it end. */
const HOLD = `import { connect } from 'node:net';
const socket = connect(Number(process.argv[2]), '127.0.0.1', () => socket.write(process.argv[3]));
socket.resume().on('end', () => socket.end()).on('close', () => process.exit(0));
`;

/** What \`hold.mjs\` connects to: counts the commands under way, and ends them one by one. */
class Door {
  peak = 0;
  served = 0;
  readonly #working: Socket[] = [];
  readonly #server: Server;
  readonly #workspaceDir: string;
  #releasing: Promise<void> | null = null;

  constructor(workspaceDir: string) {
    this.#workspaceDir = workspaceDir;
    this.#server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (role) => {
        if (role.toString() === 'control') socket.end();
        else this.#enter(socket);
      });
    });
  }

  async open(): Promise<number> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#working.splice(0)) socket.destroy();
    await this.#releasing;
    this.#server.close();
  }

  #enter(socket: Socket): void {
    this.#working.push(socket);
    this.served += 1;
    this.peak = Math.max(this.peak, this.#working.length);
    this.#releasing ??= this.#release().finally(() => {
      this.#releasing = null;
    });
  }

  /** A command that nobody held back is here by the time in which others, started later, have come and gone. */
  async #release(): Promise<void> {
    while (this.#working.length > 0) {
      for (let n = 0; n < CONTROLS; n += 1) await this.#control();
      this.#working.shift()?.end();
    }
  }

  async #control(): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const child = spawn(process.execPath, [join(this.#workspaceDir, 'hold.mjs'), String(port), 'control']);
    await once(child, 'close');
  }
}

/** Every agent runs a command when all of them have come so far, and finishes; the checks are such commands too. */
function scriptedCalls(command: string): ModelCalls {
  const checks = [{ name: 'hold', command }];
  const plan = aPlan(AGENTS.map((id) => aSubtask(id, { checks })));
  const answerOf = ({ purpose }: LeadRequest) => {
    if (purpose.startsWith('clarify')) return { questions: [] };
    return purpose.startsWith('plan') ? plan : approve;
  };
  const lead = new ScriptedLead((request) => ({ text: JSON.stringify(answerOf(request)) }));
  const everybody = Promise.withResolvers<void>();
  let ready = 0;
  const agent = new ScriptedAgent(async (request: AgentTurnRequest) => {
    const turn = request.messages.filter((message) => message.role === 'assistant').length;
    const head = request.messages[0];
    const id = /^Subtask: (\S+)$/m.exec(head?.role === 'user' ? head.text : '')?.[1] ?? '?';
    const call = (name: string, input: unknown) => ({ toolCalls: [{ id: `${id}-${turn}`, name, input }] });
    if (turn === 0) return call('write', { file_path: `${id}/done.txt`, content: `${id}\n` });
    if (turn === 2) return call('finish', { report: 'done' });
    ready += 1;
    if (ready === AGENTS.length) everybody.resolve();
    await everybody.promise;
    return call('run', { command });
  });
  return {
    askLead: (request, call) => lead.ask(request, call.signal),
    turnAgent: (request, call) => agent.turn(request, call.signal),
    prepareLead: () => {},
  };
}

describe('a machine that all agents want at once', function () {
  this.timeout(120_000);
  const { availableParallelism, totalmem } = os;
  const pretend = (cores: number, memoryBytes: number) => {
    Object.assign(os, { availableParallelism: () => cores, totalmem: () => memoryBytes });
    syncBuiltinESMExports();
  };
  let place: Place;
  let door: Door;
  let app: AppApi | null = null;
  beforeEach(() => {
    place = makePlace();
    door = new Door(place.workspaceDir);
  });
  afterEach(async () => {
    Object.assign(os, { availableParallelism, totalmem });
    syncBuiltinESMExports();
    await door.close();
    await app?.close();
    app = null;
    place.remove();
  });

  for (const [title, cores, memoryBytes] of [
    ['cores', AT_ONCE, 64 * GIB],
    // Three quarters of it are for commands, and an interpreter is counted with a quarter of one GiB.
    ['memory', 8, 0.8 * GIB],
  ] as const) {
    it(`runs no more commands of agents and checks than its ${title} allow`, async function () {
      if (availableMemory() < GIB) {
        console.log('      skipped: less than 1 GiB of memory is free, which holds commands back by itself');
        this.skip();
      }
      pretend(cores, memoryBytes);
      const port = await door.open();
      const config = JSON.stringify({ sandbox: { mode: 'off' }, concurrency: AGENTS.length });
      commitFiles(place.workspaceDir, { 'hold.mjs': HOLD, 'orchestrator.config.json': config });
      const settings = loadSettings({ env: { ORCHESTRATOR_HOME: place.stateDir }, workspaceDir: place.workspaceDir });
      app = await compose({
        settings,
        log: { info: () => {}, warn: () => {} },
        override: { calls: scriptedCalls(`node hold.mjs ${port} work`) },
      });
      const { runId } = await app.dispatch({
        type: 'start',
        brief: aBrief(),
        workspaceDir: place.workspaceDir,
        autoApprove: true,
        askQuestions: false,
        budgetUsd: 10,
        until: 'build',
      });
      const view = await app.settled(runId, AbortSignal.timeout(100_000));
      assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
      assert.equal(door.peak, AT_ONCE);
      assert.ok(door.served >= 2 * AGENTS.length, `${door.served} commands ran`);
    });
  }
});
