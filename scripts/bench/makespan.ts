import { readySubtasks } from '../../src/core/scheduler.ts';
import type { EventRecord } from '../../src/protocol/events.ts';
import { type Job, lowerBound, shortestSchedule } from './best-schedule.ts';
import { startMock } from './mock.ts';
import { runOrchestrator } from './orchestrator.ts';
import { makePlace } from './place.ts';
import type { Measure, MeasureOptions, Row } from './report.ts';
import { median } from './stats.ts';
import { type Part, planOf, scriptOf } from './work.ts';

const REPLY_MS = 300;
const AGENTS = 4;

interface Graph {
  name: string;
  about: string;
  /** Subtasks of each layer, each of which needs two of the layer before it. */
  layers: readonly number[];
  turns(index: number): number;
}

const GRAPHS: readonly Graph[] = [
  {
    name: 'makespan',
    about: 'uneven: three to six turns, layers that do not fill the agents',
    layers: [3, 6, 8, 5, 2],
    turns: (index) => 3 + ((index * 7) % 4),
  },
  {
    name: 'makespan.even',
    about: 'even: eight turns, as the samples take, and layers that fill the agents',
    layers: [4, 8, 8, 4],
    turns: () => 8,
  },
];

function partsOf({ layers, turns }: Graph): Part[] {
  const parts: Part[] = [];
  let before: string[] = [];
  for (const [layer, width] of layers.entries()) {
    const ids = Array.from({ length: width }, (_, index) => `part-${layer}-${index}`);
    for (const [index, id] of ids.entries()) {
      const needs = [index, index + 1].map((i) => before[i % before.length]).filter((need) => need !== undefined);
      parts.push({ id, dependsOn: [...new Set(needs)], turns: turns(parts.length) });
    }
    before = ids;
  }
  return parts;
}

/** In replies: an agent's turns, then the lead's review, in which the agent's place is free. */
const jobsOf = (parts: readonly Part[]): Job[] =>
  parts.map(({ id, dependsOn, turns }) => ({ id, dependsOn, work: turns, review: 1 }));

/** The product's own order of starting, if nothing but the models took time. */
function scheduleMs(parts: readonly Part[]): number {
  const { subtasks } = planOf(parts);
  const byId = new Map(parts.map((part) => [part.id, part]));
  const started = new Set<string>();
  const integrated = new Set<string>();
  const running = new Map<string, { freeMs: number; endMs: number }>();
  let nowMs = 0;
  while (integrated.size < parts.length) {
    const places = AGENTS - [...running.values()].filter(({ freeMs }) => freeMs > nowMs).length;
    for (const { id } of readySubtasks(subtasks, { started, integrated }).slice(0, places)) {
      const part = byId.get(id);
      if (part === undefined) throw new Error(`no part ${id}`);
      started.add(id);
      const freeMs = nowMs + part.turns * REPLY_MS;
      running.set(id, { freeMs, endMs: freeMs + REPLY_MS });
    }
    const ahead = [...running.values()].flatMap(({ freeMs, endMs }) => (freeMs > nowMs ? [freeMs, endMs] : [endMs]));
    nowMs = Math.min(...ahead);
    for (const [id, { endMs }] of running) {
      if (endMs > nowMs) continue;
      running.delete(id);
      integrated.add(id);
    }
  }
  return nowMs;
}

function makespanOf(events: readonly EventRecord[]): number {
  const at = (type: string) => events.filter(({ event }) => event.type === type).map((record) => Date.parse(record.at));
  return Math.max(...at('subtask.integrated')) - Math.min(...at('subtask.started'));
}

export const makespan: Measure = {
  name: 'makespan',
  about: '24 subtasks, 300 ms replies, 4 agents, against the best possible',
  async measure(options) {
    const rows: Row[] = [];
    for (const graph of GRAPHS) rows.push(...(await measureGraph(graph, options)));
    return rows;
  },
};

async function measureGraph(graph: Graph, { runs, say }: MeasureOptions): Promise<Row[]> {
  const parts = partsOf(graph);
  const { name, about } = graph;
  const jobs = jobsOf(parts);
  const boundMs = lowerBound(jobs, AGENTS) * REPLY_MS;
  const shortestMs = shortestSchedule(jobs, AGENTS) * REPLY_MS;
  const mock = await startMock();
  const spans: number[] = [];
  try {
    await mock.play(scriptOf(parts, REPLY_MS));
    for (let run = 0; run < runs; run += 1) {
      const place = makePlace(20);
      try {
        const { events } = await runOrchestrator(place, { mockUrl: mock.url, until: 'build', concurrency: AGENTS });
        await mock.take();
        spans.push(makespanOf(events));
        say(`${name}: run ${run + 1} of ${runs}, ${spans.at(-1)} ms, best possible ${shortestMs} ms`);
      } finally {
        place.remove();
      }
    }
  } finally {
    await mock.close();
  }
  const span = median(spans);
  const other = (part: string, value: number, unit: Row['unit'], note: string): Row => {
    return { name: `${name}.${part}`, value, unit, target: null, note };
  };
  const reach =
    shortestMs > boundMs
      ? `no order reaches it: the best is ${(shortestMs / boundMs).toFixed(3)} of it`
      : 'the best order reaches it';
  return [
    {
      name: `${name}.ratio`,
      value: span / shortestMs,
      unit: 'ratio',
      target: 1.05,
      note: `over the best possible; ${about}`,
    },
    other('wall', span / 1000, 's', 'first start to last integration'),
    other('best', shortestMs / 1000, 's', 'best possible order, if only the models took time'),
    other('bound-ratio', span / boundMs, 'ratio', `over the bound; ${reach}`),
    other('bound', boundMs / 1000, 's', 'longest chain, or work / agents and a review'),
    other(
      'schedule-ratio',
      scheduleMs(parts) / shortestMs,
      'ratio',
      'our order of starting, if only the models took time',
    ),
  ];
}
