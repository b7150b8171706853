import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Log, Place } from '../../src/core/ports.ts';
import { AppError } from '../../src/protocol/errors.ts';
import type { FunctionNeed, SiteNeed } from '../../src/protocol/deployment-needs.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (cause) {
      throw new AppError({ code: 'aborted', message: 'aborted', userMessage: 'Cancelled.', cause });
    }
  },
};

export const silentLog: Log = { info: () => undefined, warn: () => undefined };

/** A fresh folder with the given files; `remove` takes it away. */
export async function makeFolder(
  files: Record<string, string | Uint8Array>,
): Promise<{ dir: string; remove(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'orchestrator-deployer-'));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  }
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}

export function functionNeed(change: Partial<FunctionNeed> = {}): FunctionNeed {
  return {
    id: 'api',
    name: 'API',
    path: 'functions/api',
    runtime: 'node-22',
    entrypoint: 'main.js',
    commands: null,
    execute: ['any'],
    scopes: ['rows.read', 'rows.write'],
    ...change,
  };
}

export function siteNeed(change: Partial<SiteNeed> = {}): SiteNeed {
  return {
    id: 'web',
    name: 'Web',
    path: 'site',
    framework: 'other',
    installCommand: null,
    buildCommand: null,
    outputDirectory: './',
    fallbackFile: null,
    settingsFile: null,
    ...change,
  };
}

/** The place of a thing of the project `tests` that has its own id. */
export function placeAt(id: string): Place {
  return { id, mark: `tests/${id}` };
}

export interface DomainAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** Asks a `*.localhost` URL without any resolver. */
export function askDomain(
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<DomainAnswer> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      path: pathname + search,
      method: init.method ?? 'GET',
      agent: false,
      headers: { ...init.headers, host },
    } as const;
    const call = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      );
      response.once('error', reject);
    });
    call.once('error', reject);
    call.end(init.body);
  });
}

/** Looks until `look` gives something other than null; fails after 10 s. */
export async function eventually<T>(what: string, look: () => Promise<T | null>): Promise<T> {
  const endsAt = Date.now() + 10_000;
  for (;;) {
    const result = await look();
    if (result !== null) return result;
    if (Date.now() > endsAt) throw new Error(`${what} did not happen within 10 s`);
    await delay(10);
  }
}
