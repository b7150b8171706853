import assert from 'node:assert/strict';
import type { DomainEvent } from '../../src/protocol/events.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { eventsOf, eventually, type Outside, type Place, processesIn, type Said } from './place.ts';
import { filesIn, temporaryFiles } from './temporary-files.ts';

/** The commits that events name. */
function commitsIn(events: readonly DomainEvent[]): string[] {
  return events.flatMap((event) => [
    ...('commit' in event ? [event.commit] : []),
    ...('baseCommit' in event ? [event.baseCommit] : []),
  ]);
}

export function settledView(lines: readonly Said[]): RunView {
  const last = lines.at(-1);
  assert.ok(last?.type === 'settled', JSON.stringify(last));
  return last.view;
}

/** The run is complete, and every effect outside the state folder is there once; nothing is left behind. */
export async function assertOneOfEach(place: Place, outside: Outside, view: RunView): Promise<void> {
  assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
  const pulls = await outside.pullRequests(view.slug);
  assert.equal(pulls.length, 1);
  assert.notEqual(pulls[0]?.merged_at, null);
  for (const { id } of view.plan?.deployment.functions ?? [])
    assert.equal(await outside.deployments('functions', id), 1);
  for (const { id } of view.plan?.deployment.sites ?? []) assert.equal(await outside.deployments('sites', id), 1);
  const events = eventsOf(place, view.runId);
  for (const commit of new Set(commitsIn(events))) place.git('cat-file', '-e', `${commit}^{commit}`);
  const kept = place.git('for-each-ref', '--format=%(refname)', `refs/orchestrator/${view.runId}/`);
  for (const id of Object.keys(view.subtasks)) assert.match(kept, new RegExp(`/${id}$`, 'm'));
  assert.equal(place.git('worktree', 'list').trim().split('\n').length, 1);
  assert.equal(place.git('fsck', '--connectivity-only', '--no-dangling'), '');
  // What the killed ones left is gone with the next of them, and what that one needed with its own end.
  assert.deepEqual(filesIn(temporaryFiles(place)), []);
  await eventually(`no process is left: ${processesIn(place.root)}`, () => processesIn(place.root).length === 0, 3_000);
}

export const treeOf = (place: Place, view: RunView) => place.git('rev-parse', `${view.branch}^{tree}`).trim();
