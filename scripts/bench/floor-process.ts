import Anthropic from '@anthropic-ai/sdk';

/** The vendor's SDK and nothing else: asks the given requests one after the other, and ends. */
interface FloorJob {
  url: string;
  bodies: string[];
  repeats: number;
}

process.once('message', (job: FloorJob) => {
  void askAll(job).finally(() => process.disconnect());
});

async function askAll({ url, bodies, repeats }: FloorJob): Promise<void> {
  const client = new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 0, logLevel: 'off' });
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (const body of bodies) {
      const params = JSON.parse(body) as Anthropic.Messages.MessageStreamParams;
      await client.messages.stream(params).finalMessage();
    }
  }
}
