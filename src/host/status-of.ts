import type { Stage } from '../protocol/events.ts';
import type { RunView } from '../protocol/view.ts';
import { agentsAtWork, hasEnded } from './commands/fits.ts';

/** What the status bar says: of the newest run that has not ended. */
export interface RunStatus {
  view: RunView;
  stage: Stage;
  agentsAtWork: number;
  /** Decisions and conditions that wait, in all runs. */
  waiting: number;
}

/** Null when no run is under way. `views`: newest first. */
export function statusOf(views: readonly RunView[]): RunStatus | null {
  const view = views.find((candidate) => !hasEnded(candidate));
  if (view === undefined) return null;
  return {
    view,
    stage: view.stage,
    agentsAtWork: agentsAtWork(view),
    waiting: views.reduce((sum, { waiting }) => sum + waiting.length, 0),
  };
}
