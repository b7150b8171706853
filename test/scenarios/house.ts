import type { Services } from '../../src/core/flow/services.ts';

/** Doors that stay shut until the test opens them; whoever is taken away goes through as well. */
function doors() {
  const known = new Map<string, PromiseWithResolvers<void>>();
  const door = (name: string) => {
    const found = known.get(name) ?? Promise.withResolvers<void>();
    known.set(name, found);
    return found;
  };
  const through = (name: string, signal: AbortSignal) =>
    Promise.race([
      door(name).promise,
      new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  const open = (...names: string[]) => {
    for (const name of names) door(name).resolve();
  };
  return { open, through };
}

/** Agents whose turns, and a lead whose reviews, wait for the test; `most` is how many agents were asked at the same time. */
export function house() {
  const { open, through } = doors();
  const seen = { asked: [] as string[], atWork: new Set<string>(), most: 0 };
  const adjust = ({ calls }: Services): Partial<Services> => ({
    calls: {
      ...calls,
      async askLead(request, call) {
        if (request.purpose.startsWith('review ')) await through(request.purpose, call.signal);
        return calls.askLead(request, call);
      },
      async turnAgent(request, call) {
        const name = `${call.subtaskId} ${request.messages.filter(({ role }) => role === 'assistant').length}`;
        seen.asked.push(name);
        seen.atWork.add(name);
        seen.most = Math.max(seen.most, seen.atWork.size);
        try {
          await through(name, call.signal);
          return await calls.turnAgent(request, call);
        } finally {
          seen.atWork.delete(name);
        }
      },
    },
  });
  return { open, seen, adjust };
}
