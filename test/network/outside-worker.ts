import { join } from 'node:path';
import { Client, TablesDB } from 'node-appwrite';
import { createLiveProbe } from '../../src/adapters/appwrite/live-probe.ts';
import { createRepository } from '../../src/adapters/git/repository.ts';
import { createForge } from '../../src/adapters/github/forge.ts';
import { createAnthropicAgent } from '../../src/adapters/models/anthropic.ts';
import { createXaiLead } from '../../src/adapters/models/xai.ts';
import { useProxy } from '../../src/app/proxy.ts';
import { systemClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/protocol/errors.ts';

/** A process with a proxy and certificates of its own in its environment: asks everybody who is outside, and tells how it went. */

const [dir = '', token = '', loopbackUrl = ''] = process.argv.slice(2);
const GITHUB = 'https://github.outside.test';
const signal = AbortSignal.timeout(60_000);

const outcomes: Record<string, string> = {};
const attempt = async (name: string, work: () => Promise<string>): Promise<void> => {
  try {
    outcomes[name] = await work();
  } catch (error) {
    outcomes[name] = error instanceof AppError ? `${error.code}: ${error.userMessage}` : String(error);
  }
};

await useProxy(process.env);

await attempt('github', async () => {
  const forge = createForge({ token, apiUrl: `${GITHUB}/api/v3`, retryBaseMs: 10 });
  const wanted = { owner: null, name: 'shop', private: true, description: '' };
  const found = await forge.ensureRepository(wanted, signal);
  return `${found.owner}/${found.name}`;
});

await attempt('git', async () => {
  const forge = createForge({ token, apiUrl: `${GITHUB}/api/v3` });
  const repository = createRepository({ tempDir: () => dir });
  try {
    const { repoDir, baseCommit } = await repository.open(join(dir, 'work'), signal);
    const url = `${GITHUB}/local-developer/shop.git`;
    const authorization = forge.gitAuthorization();
    await repository.push(repoDir, url, [{ commit: baseCommit, branch: 'main' }], authorization, signal);
    const fetched = await repository.fetch(repoDir, url, 'main', authorization, signal);
    return fetched === baseCommit ? 'same' : 'another commit';
  } finally {
    await repository.close();
  }
});

await attempt('lead', async () => {
  const lead = createXaiLead({ apiKey: 'key', baseUrl: 'https://lead.outside.test/v1' });
  const texts = { conversation: 'c', purpose: 'plan', model: 'm', instructions: 'i', input: 'x', schemaName: 's' };
  const request = { ...texts, effort: 'low', history: [], schema: {}, maxOutputTokens: 10 } as const;
  await lead.ask({ ...request, history: [] }, signal);
  return 'answered';
});

await attempt('agent', async () => {
  const agent = createAnthropicAgent({ apiKey: 'key', baseUrl: 'https://agent.outside.test' });
  const request = { model: 'm', effort: 'low', prefix: 'p', suffix: 's', tools: [], maxOutputTokens: 10 } as const;
  await agent.turn({ ...request, messages: [{ role: 'user', text: 'x' }] }, signal);
  return 'answered';
});

await attempt('appwrite', async () => {
  const client = new Client().setEndpoint('https://appwrite.outside.test/v1').setProject('p').setKey('k');
  return JSON.stringify(await new TablesDB(client).list());
});

await attempt('live', async () => {
  const check = { target: '', path: '/', method: 'GET', body: null, status: 418, contains: '' } as const;
  const probe = createLiveProbe({ clock: systemClock });
  const seen = await probe.check('https://live.outside.test', check, 0, signal);
  return seen.passed ? 'passed' : seen.detail;
});

await attempt('fetch', async () => String((await fetch('https://fetch.outside.test/')).status));
await attempt('loopback', async () => String((await fetch(loopbackUrl)).status));

process.stdout.write(JSON.stringify(outcomes));
