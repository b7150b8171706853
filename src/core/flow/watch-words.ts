import { AppError } from '../../protocol/errors.ts';
import type { CheckSummary } from '../../protocol/work.ts';
import type { PullRequestState } from '../ports.ts';

/** What a person is told while a pull request is watched. */

export function stoppedWords({ runs }: CheckSummary): string {
  const stopped = runs
    .filter((run) => run.state === 'stopped')
    .map((run) => `${run.name} (${run.summary.slice(0, 100)})`);
  return `checks have ended without a result: ${stopped.join(', ')}; run them again or approve them on GitHub`;
}

export function tooLong(waitedMs: number, reason: string): AppError {
  return new AppError({
    code: 'timeout',
    message: `not merged after ${waitedMs} ms: ${reason}`,
    userMessage: `The pull request was not merged in ${Math.round(waitedMs / 60_000)} minutes: ${reason}. See to it, then resume the run.`,
  });
}

export function notOpen({ pullRequest }: PullRequestState): AppError {
  return new AppError({
    code: 'forge_failed',
    message: `pull request #${pullRequest.number} was closed`,
    userMessage: `The pull request ${pullRequest.url} was closed. Open it again, then resume the run; or cancel the run, its work stays on ${pullRequest.headBranch}.`,
  });
}

export function checksFailed(summary: CheckSummary): AppError {
  const failed = summary.runs.filter((run) => run.state === 'failed');
  const names = failed.map((run) => run.name).join(', ');
  return new AppError({
    code: 'checks_failed',
    message: `checks failed on the pull request: ${names}`,
    userMessage: `Checks failed on the pull request: ${names}. ${failed.map((run) => run.summary.slice(-400)).join('\n')}\nMend it on the branch or in the checks, then resume the run.`,
  });
}
