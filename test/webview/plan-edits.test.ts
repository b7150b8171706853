import assert from 'node:assert/strict';
import {
  applyEdits,
  changeSubtask,
  hasEdits,
  moveSubtask,
  noEdits,
  readEdits,
  takeOver,
} from '../../webview/plan/edits.ts';
import { faultsOf, hostFaults, isAbout } from '../../webview/plan/faults.ts';
import { samplePlan, sampleSubtask, sampleSubtasks } from './samples.ts';

const plan = samplePlan();
const none = noEdits('run', 'plan:0');
const ids = (of = plan) => of.subtasks.map(({ id }) => id);

describe('changes of a plan', () => {
  it('are in the plan that is shown, and the plan itself stays', () => {
    const edits = changeSubtask(plan, none, 'api', { title: 'Entries', effort: 'max' });
    const shown = applyEdits(plan, edits).subtasks.find(({ id }) => id === 'api');
    assert.deepEqual([shown?.title, shown?.effort], ['Entries', 'max']);
    assert.equal(plan.subtasks[1]?.title, 'Function for entries');
  });

  it('are none when everything is as it was', () => {
    const there = changeSubtask(plan, none, 'api', { title: 'Entries' });
    const back = changeSubtask(plan, there, 'api', { title: 'Function for entries' });
    assert.equal(hasEdits(there), true);
    assert.equal(hasEdits(back), false);
  });

  it('move a subtask by one place, not over the ends', () => {
    const moved = moveSubtask(plan, none, 'api', -1);
    assert.deepEqual(ids(applyEdits(plan, moved)).slice(0, 2), ['api', 'schema']);
    assert.equal(hasEdits(moveSubtask(plan, moved, 'api', 1)), false);
    assert.equal(moveSubtask(plan, none, 'schema', -1), none);
  });

  it('survive being kept, and nothing else is taken for them', () => {
    const edits = moveSubtask(plan, changeSubtask(plan, none, 'api', { priority: 5 }), 'page', 1);
    assert.deepEqual(readEdits(JSON.parse(JSON.stringify(edits))), edits);
    for (const kept of [null, 'x', {}, { runId: 'a', topic: 'b' }, { runId: 'a', topic: 'b', changes: {}, order: 1 }]) {
      assert.equal(readEdits(kept), null);
    }
  });

  it('are taken over to a later plan as far as it has their subtasks', () => {
    let edits = changeSubtask(plan, none, 'api', { title: 'Entries', dependsOn: ['schema', 'sign-in'] });
    edits = changeSubtask(plan, edits, 'page', { title: 'Front' });
    const later = samplePlan(sampleSubtasks().filter(({ id }) => id !== 'sign-in' && id !== 'page'));
    const taken = takeOver(edits, later, 'plan:1');
    assert.deepEqual(taken, { runId: 'run', topic: 'plan:1', order: null, changes: { api: { title: 'Entries' } } });
  });
});

describe('mistakes in a changed plan', () => {
  it('are none in a good one', () => {
    assert.deepEqual(faultsOf(plan), []);
  });

  it('are seen in texts and paths', () => {
    const bad = sampleSubtask('bad', {
      title: ' ',
      description: '',
      ownedPaths: ['src/', '../out'],
      removesTests: ['', '/a.test.js'],
      acceptanceCriteria: [{ text: '', requirements: [] }],
    });
    assert.deepEqual(
      faultsOf(samplePlan([bad])).map(({ kind }) => kind),
      ['title_missing', 'description_missing', 'criterion_missing', 'path_outside', 'test_missing', 'test_outside'],
    );
  });

  it('name a circle from a subtask back to itself', () => {
    const edits = changeSubtask(plan, none, 'schema', { dependsOn: ['page'] });
    const fault = faultsOf(applyEdits(plan, edits)).find(({ kind }) => kind === 'circle');
    assert.ok(fault?.kind === 'circle');
    assert.deepEqual([...fault.circle].sort(), ['api', 'page', 'schema', 'schema']);
    assert.equal(fault.circle[0], fault.circle.at(-1));
  });

  it('are read from a refusal of the host, and belong to the subtask that they quote', () => {
    const [fault = ''] = hostFaults({ faults: ['Subtask "api" depends on itself.', 3] });
    assert.equal(isAbout(fault, 'api'), true);
    assert.equal(isAbout(fault, 'ap'), false);
    assert.deepEqual(hostFaults({ faults: 'x' }), []);
    assert.deepEqual(hostFaults(undefined), []);
  });
});
