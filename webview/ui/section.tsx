import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../l10n.ts';

interface SectionProps {
  title: string;
  /** Beside the title: a count or a short state. */
  note?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Section({ title, note, actions, children, class: className }: SectionProps) {
  const id = useId();
  return (
    <section class={`panel ${className ?? ''}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id} tabIndex={-1}>
          {title}
        </h2>
        {note === undefined ? null : <span class="muted">{note}</span>}
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** Scrolls sideways when it is wider than the page; reachable by keyboard for that. */
export function ScrollX({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: only what has focus scrolls by keyboard
    <section class="scroll-x" aria-label={t('Table: {0}', label)} tabIndex={0}>
      {children}
    </section>
  );
}
