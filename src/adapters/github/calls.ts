import type { Forge } from '../../core/ports.ts';
import { readChecks } from './checks.ts';
import { createClient, type GithubClientOptions } from './client.ts';
import { listIssues, readIssue } from './issues.ts';
import { failedLogs } from './logs.ts';
import { mergePullRequest } from './merge.ts';
import { ensurePullRequest } from './pull-requests.ts';
import { pullRequestState } from './pulls.ts';
import { ensureRepository, findRepository } from './repositories.ts';
import { reviewComments } from './reviews.ts';
import { runWorkflow, workflowRuns } from './workflows.ts';

/** What asks the server. */
export type ForgeCalls = Omit<Forge, 'gitAuthorization' | 'recognise'>;

/** The part of the forge that asks the server; loaded with the first question. */
export function createForgeCalls(options: GithubClientOptions): ForgeCalls {
  const client = createClient(options);
  return {
    findRepository: (place, signal) => findRepository(client, place, signal),
    ensureRepository: (request, signal) => ensureRepository(client, request, signal),
    ensurePullRequest: (repository, request, signal) => ensurePullRequest(client, repository, request, signal),
    pullRequest: (repository, number, signal) => pullRequestState(client, repository, number, signal),
    reviewComments: (repository, number, signal) => reviewComments(client, repository, number, signal),
    failedLogs: (repository, summary, signal) => failedLogs(client, repository, summary, signal),
    issue: (asked, signal) => readIssue(client, asked, signal),
    issues: (repository, signal) => listIssues(client, repository, signal),
    workflowRuns: (repository, workflow, ref, signal) => workflowRuns(client, repository, workflow, ref, signal),
    runWorkflow: (repository, request, onChange, signal) => runWorkflow(client, repository, request, onChange, signal),
    checks: (repository, commit, signal) => readChecks(client, repository, commit, signal),
    merge: (repository, number, request, signal) => mergePullRequest(client, repository, number, request, signal),
  };
}
