import { signal } from '@preact/signals';

const said = signal('');

/** Says something to a screen reader when it has time: what a button did, when nothing that has focus says so. */
export function announce(text: string): void {
  // The same text twice is news, too.
  said.value = said.peek() === text ? `${text}\u00a0` : text;
}

export function Announcements() {
  return (
    <div class="hidden-visually" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
