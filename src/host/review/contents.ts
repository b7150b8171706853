import { toAppError } from '../../protocol/errors.ts';
import type { ServiceClient } from '../service-client.ts';

/** A file at a commit. `opaque`: it is there, but it is not text or too large to be shown. */
export type FileText = { kind: 'text'; text: string } | { kind: 'absent' } | { kind: 'opaque'; why: string };

export interface Contents {
  read(runId: string, commit: string, path: string): Promise<FileText>;
}

const MAX_CACHED_CHARS = 16_000_000;

/** Files of commits never change: each is asked for once, and the ones read last are kept. */
export function createContents(service: Pick<ServiceClient, 'call'>): Contents {
  const cached = new Map<string, Promise<FileText>>();
  const sizes = new Map<string, number>();
  let total = 0;

  const forget = (key: string) => {
    cached.delete(key);
    total -= sizes.get(key) ?? 0;
    sizes.delete(key);
  };

  const fetch = async (runId: string, commit: string, path: string): Promise<FileText> => {
    try {
      const text = await service.call('readFile', { runId, commit, path });
      return text === null ? { kind: 'absent' } : { kind: 'text', text };
    } catch (thrown) {
      const error = toAppError(thrown);
      // Refused for what the file is; anything else may go better the next time.
      if (error.code === 'usage') return { kind: 'opaque', why: error.userMessage };
      throw error;
    }
  };

  return {
    read(runId, commit, path) {
      const key = JSON.stringify([runId, commit, path]);
      const known = cached.get(key);
      if (known !== undefined) {
        cached.delete(key);
        cached.set(key, known);
        return known;
      }
      const reading = fetch(runId, commit, path);
      cached.set(key, reading);
      reading.then(
        (file) => {
          if (cached.get(key) !== reading) return;
          const size = file.kind === 'text' ? file.text.length : 0;
          sizes.set(key, size);
          total += size;
          for (const oldest of cached.keys()) {
            if (total <= MAX_CACHED_CHARS || oldest === key) break;
            forget(oldest);
          }
        },
        () => forget(key),
      );
      return reading;
    },
  };
}
