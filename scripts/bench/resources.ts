import { startMock } from './mock.ts';
import { runOrchestrator, type Usage } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure } from './report.ts';
import { median } from './stats.ts';
import { type Part, scriptOf } from './work.ts';

const AGENTS = 4;
const TURNS = 20;
const REPLY_MS = 100;

/** Peak memory and CPU time of one process that drives four agents of 20 turns at once. */
export const resources: Measure = {
  name: 'resources',
  about: 'memory and CPU of 4 agents in parallel',
  async measure({ runs, say }) {
    const parts = Array.from({ length: AGENTS }, (_, i): Part => ({ id: `part-${i}`, dependsOn: [], turns: TURNS }));
    const mock = await startMock();
    const used: Usage[] = [];
    try {
      await mock.play(scriptOf(parts, REPLY_MS));
      for (let run = 0; run < runs; run += 1) {
        const place = makePlace(20);
        try {
          const options = { mockUrl: mock.url, until: 'build' as const, concurrency: AGENTS, withUsage: true };
          const { usage } = await runOrchestrator(place, options);
          await mock.take();
          if (usage === null) throw new Error('the process left no account of itself');
          used.push(usage);
          say(`resources: run ${run + 1} of ${runs}, ${usage.peakRssMb.toFixed(0)} MB, ${usage.ownCpuS.toFixed(2)} s`);
        } finally {
          place.remove();
        }
      }
    } finally {
      await mock.close();
    }
    const turns = `${AGENTS} agents of ${TURNS} turns`;
    const children = used.map((usage) => usage.childrenCpuS).filter((seconds) => seconds !== null);
    const memory = median(used.map((usage) => usage.peakRssMb));
    const cpu = median(used.map((usage) => usage.ownCpuS));
    return [
      { name: 'resources.memory', value: memory, unit: 'MB', target: 150, note: `peak of the process, ${turns}` },
      { name: 'resources.cpu', value: cpu, unit: 's', target: 3, note: 'CPU of the process itself' },
      ...(children.length === 0
        ? []
        : [
            {
              name: 'resources.children-cpu',
              value: median(children),
              unit: 's' as const,
              target: null,
              note: 'CPU of git and the checks',
            },
          ]),
    ];
  },
};
