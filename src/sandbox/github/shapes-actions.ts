import type { RestEndpointMethodTypes } from '@octokit/rest';
import type { CommitInfo } from './git.ts';
import { pullReferences } from './shapes.ts';
import { jobPage, minimalRepositoryJson, nodeId, repoApi, repoWeb, userJson } from './shapes-repository.ts';
import type { CheckRun, Job, Workflow, WorkflowRun } from './state-checks.ts';
import type { Repo } from './state-schema.ts';
import type { World } from './world.ts';

type Types = RestEndpointMethodTypes['actions'];
type WorkflowJson = Types['getWorkflow']['response']['data'];
type RunJson = Types['getWorkflowRun']['response']['data'];
type JobJson = Types['getJobForWorkflowRun']['response']['data'];

export function workflowJson(world: World, repo: Repo, workflow: Workflow, name: string): WorkflowJson {
  const file = workflow.path.split('/').at(-1) ?? '';
  return {
    id: workflow.id,
    node_id: nodeId('Workflow', workflow.id),
    name,
    path: workflow.path,
    state: 'active',
    created_at: workflow.createdAt,
    updated_at: workflow.createdAt,
    url: `${repoApi(world, repo)}/actions/workflows/${workflow.id}`,
    html_url: `${repoWeb(world, repo)}/blob/${repo.defaultBranch}/${workflow.path}`,
    badge_url: `${repoWeb(world, repo)}/actions/workflows/${file}/badge.svg`,
  };
}

export function runJson(world: World, repo: Repo, run: WorkflowRun, head: CommitInfo): RunJson {
  const url = `${repoApi(world, repo)}/actions/runs/${run.id}`;
  const actor = userJson(world, world.store.account(run.login, 'User'));
  const place = minimalRepositoryJson(world, repo);
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId('WorkflowRun', run.id),
    check_suite_id: run.suiteId,
    check_suite_node_id: nodeId('CheckSuite', run.suiteId),
    head_branch: run.branch,
    head_sha: run.sha,
    path: run.path,
    run_number: run.runNumber,
    run_attempt: 1,
    referenced_workflows: [],
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    url,
    html_url: `${repoWeb(world, repo)}/actions/runs/${run.id}`,
    pull_requests: pullReferences(world, repo, run.sha),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor,
    triggering_actor: actor,
    run_started_at: run.startedAt ?? run.createdAt,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repoApi(world, repo)}/check-suites/${run.suiteId}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: null,
    workflow_url: `${repoApi(world, repo)}/actions/workflows/${run.workflowId}`,
    head_commit: {
      id: head.sha,
      tree_id: head.tree,
      message: head.message,
      timestamp: head.committer.date,
      author: { name: head.author.name, email: head.author.email },
      committer: { name: head.committer.name, email: head.committer.email },
    },
    repository: place,
    head_repository: place,
    head_repository_id: repo.id,
    display_title: run.title,
  };
}

export function jobJson(world: World, repo: Repo, job: Job, check: CheckRun, run: WorkflowRun): JobJson {
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${repoApi(world, repo)}/actions/runs/${run.id}`,
    run_attempt: 1,
    node_id: nodeId('CheckRun', job.id),
    head_sha: run.sha,
    url: `${repoApi(world, repo)}/actions/jobs/${job.id}`,
    html_url: jobPage(world, repo, run.id, job.id),
    status: check.status,
    conclusion: check.conclusion,
    created_at: check.createdAt,
    started_at: check.startedAt ?? check.createdAt,
    completed_at: check.completedAt,
    name: check.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      number: step.number,
      status: step.status,
      conclusion: step.conclusion,
      started_at: step.startedAt,
      completed_at: step.completedAt,
    })),
    check_run_url: `${repoApi(world, repo)}/check-runs/${job.id}`,
    labels: ['ubuntu-latest'],
    runner_id: check.startedAt === null ? null : 1,
    runner_name: check.startedAt === null ? null : 'local',
    runner_group_id: check.startedAt === null ? null : 1,
    runner_group_name: check.startedAt === null ? null : 'local',
    workflow_name: run.name,
    head_branch: run.branch,
  };
}
