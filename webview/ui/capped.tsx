import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '../l10n.ts';
import { Button } from './button.tsx';
import { formatNumber } from './format.ts';

interface CappedProps<T> {
  items: readonly T[];
  /** Items that are drawn at first, and more with each press. */
  step: number;
  class?: string;
  children(item: T, index: number): ComponentChildren;
}

/** A list that draws a bounded number of its items; the rest come when asked for. */
export function Capped<T>({ items, step, class: className, children }: CappedProps<T>) {
  const [limit, setLimit] = useState(step);
  const left = items.length - limit;
  return (
    <>
      <ul class={className}>{items.slice(0, limit).map(children)}</ul>
      {left <= 0 ? null : (
        <Button kind="link" onClick={() => setLimit(limit + step)}>
          {t('Show {0} more of {1}', formatNumber(Math.min(step, left)), formatNumber(items.length))}
        </Button>
      )}
    </>
  );
}
