import { stripVTControlCharacters } from 'node:util';
import * as z from 'zod';
import type { ForgeRepository } from '../../core/ports.ts';
import { AppError } from '../../protocol/errors.ts';
import type { CheckSummary } from '../../protocol/work.ts';
import type { GithubClient } from './client.ts';
import { limitWaitMs, statusOf } from './errors.ts';
import { place, slug } from './places.ts';

const LOG_CHARACTERS = 8_000;
/** A longer log is read no further: what comes after is not seen. */
const MOST_BYTES = 64_000_000;
/** At most four bytes a character, and as much again for colours that are removed. */
const KEPT_BYTES = LOG_CHARACTERS * 8;

const Output = z.object({ output: z.object({ summary: z.string().nullable(), text: z.string().nullish() }) });

export async function failedLogs(
  client: GithubClient,
  repository: ForgeRepository,
  summary: CheckSummary,
  signal: AbortSignal,
): Promise<{ name: string; log: string }[]> {
  const logs: { name: string; log: string }[] = [];
  for (const run of summary.runs) {
    if (run.state !== 'failed') continue;
    const log = run.logId === null ? null : await readLog(client, repository, run.logId, signal);
    logs.push({ name: run.name, log: tail(log ?? run.summary) });
  }
  return logs;
}

/** Log of a job of GitHub Actions, which has the id of its check run; else what the check's app wrote about it; null for none. */
export async function readLog(
  client: GithubClient,
  repository: ForgeRepository,
  id: string,
  signal: AbortSignal,
): Promise<string | null> {
  const log = await orNull(() => jobLog(client, repository, Number(id), signal));
  if (log !== null && log.trim() !== '') return log;
  const run = await orNull(() => {
    const request = { doing: `reading a check of ${slug(repository)}`, kind: 'read', schema: Output } as const;
    return client.call(request, signal, (octokit, options) =>
      octokit.rest.checks.get({ ...place(repository), check_run_id: Number(id), ...options }),
    );
  });
  const said = [run?.output.summary, run?.output.text].filter((part) => typeof part === 'string' && part !== '');
  return said.length === 0 ? null : said.join('\n');
}

/** GitHub redirects to a storage server, which `fetch` gives no Authorization header when it is another host. */
async function jobLog(
  client: GithubClient,
  repository: ForgeRepository,
  id: number,
  signal: AbortSignal,
): Promise<string> {
  const doing = `reading the log of a job of ${slug(repository)}`;
  const schema = z.union([z.instanceof(ReadableStream), z.string(), z.null()]);
  const body = await client.call({ doing, kind: 'read', schema }, signal, (octokit, { request }) =>
    octokit.rest.actions.downloadJobLogsForWorkflowRun({
      ...place(repository),
      job_id: id,
      request: { ...request, parseSuccessResponseBody: false },
    }),
  );
  if (body === null || typeof body === 'string') return tail(body ?? '');
  try {
    return tail(await endOf(body));
  } catch (cause) {
    if (signal.aborted) throw new AppError({ code: 'aborted', message: `Cancelled while ${doing}.`, cause });
    throw new AppError({
      code: 'transport',
      message: `The connection broke while ${doing}: ${String(cause)}`,
      userMessage: `The connection to GitHub broke while ${doing}. Check the network and try again.`,
      cause,
    });
  }
}

async function endOf(body: ReadableStream): Promise<string> {
  let kept = Buffer.alloc(0);
  let read = 0;
  for await (const chunk of body) {
    read += chunk.length;
    kept = Buffer.concat([kept, chunk]);
    if (kept.length > 2 * KEPT_BYTES) kept = kept.subarray(-KEPT_BYTES);
    if (read > MOST_BYTES) break;
  }
  return kept.subarray(-KEPT_BYTES).toString('utf8');
}

/** The end, without the colours of a terminal. */
export const tail = (text: string): string => stripVTControlCharacters(text).slice(-LOG_CHARACTERS);

/** Null where there is no log (any more), or where it is not ours to read: a summary is better than no run. */
async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (limitWaitMs(error) !== null || ![403, 404, 410].includes(statusOf(error) ?? 0)) throw error;
    return null;
  }
}
