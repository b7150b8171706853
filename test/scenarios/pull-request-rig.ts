import assert from 'node:assert/strict';
import { Octokit } from '@octokit/rest';
import type { ForgeRepository } from '../../src/core/ports.ts';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import type { PullRequest } from '../../src/protocol/work.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { observed } from './pull-request-people.ts';
import { type Call, finish, type Rig, type RigOptions, type Script, useRigs, write } from './rig.ts';

const USERS = [
  { login: 'mira', token: 'ghp_mira', association: 'MEMBER' as const },
  { login: 'stranger', token: 'ghp_stranger', association: 'NONE' as const },
];
/** The work passes everywhere, except on GitHub without `fixed.txt`. */
export const IN_CI = 'test "$CI" != true -o -f fixed.txt';

export type Opened = (rig: Rig, repository: ForgeRepository, pull: PullRequest) => unknown;

/** Main takes only what somebody else has approved; administrators may push to it. */
export const holdForReview: Opened = ({ github }, { owner, name: repo }) =>
  new Octokit({ auth: github.token, baseUrl: github.apiUrl }).rest.repos.updateBranchProtection({
    owner,
    repo,
    branch: 'main',
    required_status_checks: null,
    enforce_admins: false,
    required_pull_request_reviews: { required_approving_review_count: 1 },
    restrictions: null,
  });

interface Begun {
  /** What the agent of each revision writes. */
  revision?: Record<string, Call[]>;
  checks?: string[];
  turn?: Script['turn'];
}

/** For suites about one open pull request: a run of one subtask that writes `a/done.txt`, and the people of its repository. */
export class OpenPullRequest {
  readonly #open = useRigs();
  rig!: Rig;
  repository!: ForgeRepository;
  pull!: PullRequest;

  /** `onOpened` runs before the run sees that its pull request is there. */
  async begin(script: Begun, onOpened: Opened = () => {}, options: RigOptions = {}): Promise<Rig> {
    const plan = aPlan([aSubtask('a', { checks: [{ name: 't', command: 'test -f a/done.txt' }] })], {
      integrationChecks: (script.checks ?? []).map((command) => ({ name: 'all', command })),
    });
    const turn: Script['turn'] = (id, index, request) => {
      if (script.turn !== undefined && id !== 'a') return script.turn(id, index, request);
      const work = id === 'a' ? [write('a/done.txt', 'x\n')] : (script.revision?.[id] ?? []);
      return index === 0 && work.length > 0 ? work : [finish()];
    };
    this.rig = await this.#open(
      { plan, turn },
      {
        ...options,
        ciWorkflow: true,
        github: { users: USERS, ...options.github },
        adjust: (services) => ({
          ...options.adjust?.(services),
          forge: observed(options.adjust?.(services).forge ?? services.forge, async (where, opened) => {
            this.repository = where;
            this.pull = opened;
            await onOpened(this.rig, where, opened);
          }),
        }),
      },
    );
    return this.rig;
  }

  as(token: string): Octokit {
    return new Octokit({ auth: token, baseUrl: this.rig.github.apiUrl });
  }

  place(): { owner: string; repo: string; pull_number: number } {
    return { owner: this.repository.owner, repo: this.repository.name, pull_number: this.pull.number };
  }

  approveAs(token: string): Promise<unknown> {
    return this.as(token).rest.pulls.createReview({ ...this.place(), event: 'APPROVE' });
  }

  ofType<T extends DomainEvent['type']>(runId: string, type: T): Extract<DomainEvent, { type: T }>[] {
    return this.rig.eventsOf(runId).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);
  }

  async settledAs(runId: string, status: string): Promise<RunView> {
    const view = await this.rig.settled(runId);
    assert.equal(view.status, status, JSON.stringify(view.waiting.map((wait) => wait.message)));
    return view;
  }

  async mainFiles(): Promise<string[]> {
    const { forge, repository: git } = this.rig.services;
    const signal = AbortSignal.timeout(20_000);
    const { cloneUrl } = this.repository;
    const tip = await git.fetch(this.rig.workspaceDir, cloneUrl, 'main', forge.gitAuthorization(), signal);
    return this.rig.git('ls-tree', '-r', '--name-only', tip).trim().split('\n');
  }
}
