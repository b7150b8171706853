import type { RunView } from '../protocol/view.ts';
import { canDeploy, canPause, canResume, canRollBack, hasEnded, retryable, waitsAt } from './commands/fits.ts';
import type { CONTEXT } from './ids.ts';

/** The keys that the runs decide; whether a review is open is the review's to say. */
export type RunKey = Exclude<keyof typeof CONTEXT, 'hasReview' | 'runsKnown'>;

export function contextOf(views: readonly RunView[]): Record<RunKey, boolean> {
  const some = (fits: (view: RunView) => boolean) => views.some(fits);
  return {
    hasRun: views.length > 0,
    canApprovePlan: some((view) => waitsAt(view, 'plan').length > 0),
    canAnswer: some((view) => waitsAt(view, 'questions').length > 0),
    canReview: some((view) => waitsAt(view, 'diff').length > 0),
    canPause: some(canPause),
    canResume: some(canResume),
    canCancel: some((view) => !hasEnded(view)),
    canRetry: some((view) => retryable(view).length > 0),
    canDeploy: some(canDeploy),
    canDecideDeployment: some((view) => waitsAt(view, 'deployment').length > 0),
    canRollBack: some(canRollBack),
    hasLive: some((view) => view.url !== null),
    hasPullRequest: some((view) => view.pullRequest !== null),
    hasResults: some((view) => view.diff !== null),
  };
}
