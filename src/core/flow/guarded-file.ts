import type { Finding } from '../../protocol/work.ts';

/** A changed file with its text before and after; null where it is absent. `from` is the old path of a renamed one. */
export interface GuardedFile {
  path: string;
  from: string | null;
  before: string | null;
  after: string | null;
}

/** A finding of the host; one for each kind and file. */
export function finding(
  file: string,
  kind: string,
  line: number,
  severity: Finding['severity'],
  message: string,
): Finding {
  return { id: `host-${kind}-${file}`, file, line, severity, message };
}
