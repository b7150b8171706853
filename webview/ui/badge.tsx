import type { ComponentChildren } from 'preact';

/** A short word beside something. `isStrong` for counts and what waits. */
export function Badge({ children, isStrong = false }: { children: ComponentChildren; isStrong?: boolean }) {
  return <span class={isStrong ? 'badge strong' : 'badge'}>{children}</span>;
}
