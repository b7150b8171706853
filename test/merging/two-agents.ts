import type { AgentTurnRequest } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { Check, Plan } from '../../src/protocol/plan.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { type Call, finish, openRig, type Rig, run, write } from '../scenarios/rig.ts';

export interface Suite {
  /** Files that are there before the agents start and that both may change. */
  shared: Record<string, string>;
  a: Call[];
  b: Call[];
  integrationChecks?: Check[];
  /** What the agent does that joins both; the count of its turns starts at 0. Absent: no agent may be needed. */
  merge?(turn: number, request: AgentTurnRequest): Call[];
  /** What an agent does when its checks have failed. */
  mend?: Call[];
  /** True: each agent goes on until the host has told it about the other. */
  untilTold?: boolean;
}

export interface Outcome {
  rig: Rig;
  runId: string;
  view: RunView;
  events: DomainEvent[];
  /** What the host said to an agent along with tool results. */
  told(subtaskId: string): string;
  /** Content of a file on the branch that the person gets, or null. */
  landed(path: string): string | null;
}

/** Lets as many callers wait as are expected, then lets all of them go. */
export function barrier(expected: number): () => Promise<void> {
  let arrived = 0;
  let release = () => {};
  const all = new Promise<void>((resolve) => {
    release = resolve;
  });
  return () => {
    arrived += 1;
    if (arrived === expected) release();
    return all;
  };
}

export const passes = (command: string): Check => ({ name: command, command });

function hostWords(request: AgentTurnRequest): string {
  return request.messages.map((message) => (message.role === 'tools' ? (message.text ?? '') : '')).join('\n');
}

/** Two agents that both have written before either goes on, so that their work really overlaps; up to the landed branch. */
export async function twoAgents(suite: Suite, rigs: Rig[]): Promise<Outcome> {
  const sharedInterfaces: Plan['sharedInterfaces'] = Object.entries(suite.shared).map(([path, content]) => ({
    path,
    purpose: 'shared',
    content,
  }));
  const subtasks = ['a', 'b'].map((id) => aSubtask(id, { checks: [passes(`test -f ${id}/done.txt`)] }));
  const both = barrier(2);
  const words = new Map<string, string>();
  const rig = await openRig({
    plan: aPlan(subtasks, { sharedInterfaces, integrationChecks: suite.integrationChecks ?? [passes('test -d .')] }),
    async turn(id, turn, request) {
      words.set(id, hostWords(request));
      if (id.endsWith(':merge')) {
        if (suite.merge === undefined) throw new Error(`no agent is expected to join ${id}`);
        return suite.merge(turn, request);
      }
      if (turn === 0) return [...(id === 'a' ? suite.a : suite.b), write(`${id}/done.txt`, `${id}\n`)];
      if (turn === 1) await both();
      // Each turn differs, so that it does not count as going round in circles.
      if (suite.untilTold === true && !/Another agent|integrated already/.test(words.get(id) ?? '')) {
        return [run(`echo ${turn}`)];
      }
      return [...(/The host ran the checks/.test(words.get(id) ?? '') ? (suite.mend ?? []) : []), finish()];
    },
  });
  rigs.push(rig);
  const runId = await rig.start({ until: 'review' });
  const view = await rig.settled(runId);
  return {
    rig,
    runId,
    view,
    events: rig.eventsOf(runId),
    told: (subtaskId) => words.get(subtaskId) ?? '',
    landed: (path) => show(rig, `orchestrator/sample:${path}`),
  };
}

function show(rig: Rig, object: string): string | null {
  const [commit = '', path = ''] = object.split(':');
  if (rig.git('ls-tree', '--name-only', commit, '--', path).trim() === '') return null;
  return rig.git('show', object);
}

export function eventsOf<T extends DomainEvent['type']>(events: DomainEvent[], type: T) {
  return events.filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
}
