import { useEffect, useRef } from 'preact/hooks';
import type { Waiting } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { runId } from '../store.ts';
import { formatTime } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { Section } from '../ui/section.tsx';
import { countDecisions } from './counts.ts';
import { part, waiting } from './selectors.ts';
import { WaitActions } from './wait-actions.tsx';
import { gateName } from './words.ts';

/** It names what would be lost below, in the person's language. */
const preview = part('preview');
const keyOf = ({ waitOn, topic }: Waiting) => `${waitOn}|${topic}`;

/** What waits for the person, each with what can be done about it. */
export function WaitingPanel() {
  const box = useRef<HTMLDivElement>(null);
  const hadFocus = useRef(false);
  const list = waiting.value ?? [];
  const id = runId.value;

  // A decision that is done takes its buttons away; the focus stays in this part of the page.
  useEffect(() => {
    if (hadFocus.current && document.activeElement === document.body) box.current?.querySelector('h2')?.focus();
  }, [list]);

  if (id === null) return null;
  return (
    <div
      ref={box}
      onFocusIn={() => {
        hadFocus.current = true;
      }}
      onFocusOut={(event) => {
        if (event.relatedTarget !== null) hadFocus.current = false;
      }}
    >
      <Section
        title={t('Waiting for you')}
        note={list.length === 0 ? undefined : countDecisions(list.length)}
        class={list.length === 0 ? 'calm' : 'waiting'}
      >
        {list.length === 0 ? (
          <p class="muted">{t('Nothing waits for you.')}</p>
        ) : (
          <ul class="cards">
            {list.map((wait) => (
              <li key={keyOf(wait)} class="card">
                <p class="card-title">
                  <Icon name={wait.code === null ? 'bell' : 'warning'} class="tone-warn" />
                  <span>
                    <strong>{t('Waiting for {0}', gateName(wait.gate))}</strong>{' '}
                    <span class="muted">{t('since {0}', formatTime(wait.since))}</span>
                  </span>
                </p>
                {wait.gate === 'deployment' && preview.value !== null ? null : <p class="model-text">{wait.message}</p>}
                <WaitActions runId={id} wait={wait} />
              </li>
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}
