import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MockAnswer, MockScript, SeenRequest } from './mock-protocol.ts';

export interface Mock {
  url: string;
  /** What is answered from now on; forgets the requests seen so far. */
  play(script: MockScript): Promise<void>;
  /** The requests since `play` or the last `take`, in order of arrival. */
  take(): Promise<SeenRequest[]>;
  close(): Promise<void>;
}

export async function startMock(): Promise<Mock> {
  const child = fork(fileURLToPath(new URL('./mock-process.ts', import.meta.url)), { execArgv: [] });
  let lastId = 0;
  const ask = async (command: { do: 'script'; script: MockScript } | { do: 'take' }): Promise<MockAnswer> => {
    lastId += 1;
    child.send({ id: lastId, ...command });
    for (;;) {
      const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(10_000) })) as [MockAnswer];
      if (message.id === lastId) return message;
    }
  };
  const { url } = await ask({ do: 'take' });
  return {
    url,
    play: async (script) => {
      await ask({ do: 'script', script });
    },
    take: async () => (await ask({ do: 'take' })).requests,
    async close() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}
