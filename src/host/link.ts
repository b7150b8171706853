/** What a link into the editor may ask for. None of them starts or decides anything by itself. */
export type Link = { kind: 'run'; runId: string } | { kind: 'new' } | { kind: 'sample' } | { kind: 'unknown' };

const RUN_ID = /^[a-z0-9][a-z0-9-]{0,99}$/i;

/** `path` of the address: `/run/<runId>`, `/new` or `/sample`. */
export function readLink(path: string): Link {
  const parts = path.replace(/^\//, '').replace(/\/$/, '').split('/');
  const [what, runId] = parts;
  if (what === 'new' && parts.length === 1) return { kind: 'new' };
  if (what === 'sample' && parts.length === 1) return { kind: 'sample' };
  if (what === 'run' && runId !== undefined && parts.length === 2 && RUN_ID.test(runId)) return { kind: 'run', runId };
  return { kind: 'unknown' };
}
