import assert from 'node:assert/strict';
import type { TaskRecord } from '../../protocol/records.ts';
import { ENGLISH } from '../trees/testing.ts';
import { taskItem } from './team-tasks.ts';

const aTask = (change: Partial<TaskRecord> = {}): TaskRecord => ({
  taskId: 'shop-1',
  userId: 'ada',
  projectName: 'Shop',
  requirements: {},
  status: 'completed',
  grokAnalysis: null,
  claudeAssignments: [],
  githubRepo: 'https://github.test/acme/shop',
  deploymentInfo: null,
  createdAt: '2026-01-05T10:00:00.000Z',
  updatedAt: '2026-01-05T11:00:00.000Z',
  ...change,
});

describe('a run of the team', () => {
  it('says project, state, who, when, and where it is', () => {
    const { label, description, detail } = taskItem(ENGLISH, aTask());
    assert.deepEqual([label, description], ['Shop', 'complete · ada']);
    assert.match(detail, /Jan 5, 2026.* · https:\/\/github\.test\/acme\/shop$/);
  });

  it('leads to its repository, issue, pull request and what is live, each once', () => {
    const deploymentInfo = {
      issue: { number: 2, url: 'https://github.test/acme/shop/issues/2' },
      url: 'https://shop.test',
      pullRequest: { number: 3, url: 'https://github.test/acme/shop/pull/3' },
      mergeCommit: 'abc',
      cost: { usd: 1.5 },
      deployments: [
        { id: 'web', url: 'https://shop.test' },
        { id: 'api', url: 'https://api.shop.test' },
      ],
    };
    assert.deepEqual(taskItem(ENGLISH, aTask({ deploymentInfo })).addresses, [
      { label: 'Repository', address: 'https://github.test/acme/shop' },
      { label: 'Issue', address: 'https://github.test/acme/shop/issues/2' },
      { label: 'Live application', address: 'https://shop.test' },
      { label: 'Pull request', address: 'https://github.test/acme/shop/pull/3' },
      { label: 'Deployment', address: 'https://api.shop.test' },
    ]);
  });

  it('leads nowhere that is no web page, and reads a time that is none as it stands', () => {
    const odd = taskItem(ENGLISH, aTask({ githubRepo: '', deploymentInfo: 'file:///etc/passwd', updatedAt: 'soon' }));
    assert.deepEqual(odd.addresses, []);
    assert.equal(odd.detail, 'soon');
  });
});
