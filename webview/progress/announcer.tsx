import { useEffect, useRef } from 'preact/hooks';
import { announce } from '../ui/announce.tsx';
import { type Announced, announcement } from './announcement.ts';
import { part, waiting } from './selectors.ts';

const stage = part('stage');
const status = part('status');
const runId = part('runId');

/** Least time between two announcements; what happens meanwhile is said together. */
const INTERVAL_MS = 2_000;

/** Tells screen readers of stages and waits only, politely; everything else on the page is silent. */
export function Announcer() {
  const said = useRef<Announced | null>(null);
  const latest = useRef<Announced | null>(null);
  const timer = useRef<number | undefined>(undefined);

  latest.current =
    runId.value === null || stage.value === null || status.value === null
      ? null
      : {
          runId: runId.value,
          stage: stage.value,
          status: status.value,
          waits: (waiting.value ?? []).map(({ gate, waitOn, topic }) => ({ gate, key: `${waitOn}|${topic}` })),
        };

  useEffect(() => {
    const speak = () => {
      timer.current = undefined;
      const next = announcement(said.current, latest.current);
      said.current = latest.current;
      if (next === null) return;
      announce(next);
      timer.current = window.setTimeout(speak, INTERVAL_MS);
    };
    if (timer.current === undefined) speak();
  });
  useEffect(() => () => window.clearTimeout(timer.current), []);

  return null;
}
