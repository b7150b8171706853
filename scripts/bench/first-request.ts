import { startMock } from './mock.ts';
import { runOrchestrator } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure, Row } from './report.ts';
import { scriptOf } from './work.ts';

/** Bytes of an agent's first request body, and of its parts. */
export const firstRequest: Measure = {
  name: 'first-request',
  about: "size of an agent's first request",
  async measure() {
    const mock = await startMock();
    const place = makePlace(20);
    try {
      await mock.play(scriptOf([{ id: 'part', dependsOn: [], turns: 2 }], 0));
      await runOrchestrator(place, { mockUrl: mock.url, until: 'build' });
      const request = (await mock.take()).find(({ kind }) => kind === 'agent');
      if (request === undefined) throw new Error('no agent was asked');
      const parts = JSON.parse(request.body) as Record<string, unknown>;
      const row = (name: string, bytes: number, target: number | null, note: string): Row => ({
        name: `first-request.${name}`,
        value: bytes / 1000,
        unit: 'kB',
        target,
        note,
      });
      const sizeOf = (name: string) => Buffer.byteLength(JSON.stringify(parts[name] ?? null));
      return [
        row('whole', request.sizeBytes, 10, 'the body, for a project without rules of its own'),
        row('tools', sizeOf('tools'), null, 'descriptions of the tools'),
        row('system', sizeOf('system'), null, 'role, rules, project and plan'),
        row('messages', sizeOf('messages'), null, 'the subtask'),
      ];
    } finally {
      await mock.close();
      place.remove();
    }
  },
};
