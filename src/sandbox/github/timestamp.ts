import type { Clock } from '../../core/ports.ts';

/** Now, as GitHub writes it: `2026-01-31T12:00:00Z`. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
}
