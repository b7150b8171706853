import assert from 'node:assert/strict';
import type { DomainEvent } from '../../src/protocol/events.ts';
import { commitFiles } from '../durability/place.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, run, type Script, write } from '../scenarios/rig.ts';

const of = <T extends DomainEvent['type']>(rig: Rig, runId: string, type: T) =>
  rig.eventsOf(runId).filter((event): event is Extract<DomainEvent, { type: T }> => event.type === type);

describe('an agent that lies', function () {
  this.timeout(60_000);
  const rigs: Rig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  const TEST = `import assert from 'node:assert/strict';
import { it } from 'node:test';
import { add } from './add.js';
it('adds', () => assert.equal(add(1, 2), 3));
it('adds negatives', () => assert.equal(add(1, -2), -1));
`;
  const ADD = 'export const add = (a, b) => a + b;\n';
  const MANIFEST = '{ "type": "module", "scripts": { "test": "node --test add.test.js" } }\n';
  const shared = [
    { path: 'add.test.js', purpose: 'tests', content: TEST },
    { path: 'package.json', purpose: 'manifest', content: MANIFEST },
  ];
  const plan = aPlan([aSubtask('a', { ownedPaths: ['add.js'], checks: [{ name: 'test', command: 'npm test' }] })], {
    sharedInterfaces: shared,
  });

  /** The agent lies in its first turn and does the work in its second; returns what it was told in between. */
  const caught = async (lie: ReturnType<typeof write>[], whose = plan) => {
    const honest = [write('add.js', ADD), ...shared.map((file) => write(file.path, file.content)), finish()];
    const turn: Script['turn'] = (_id, n) => (n === 0 ? [...lie, finish('All 2 tests pass: ok 1, ok 2.')] : honest);
    const rig = await openRig({ plan: whose, turn }, { forge: createFakeForge() });
    rigs.push(rig);
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.equal(view.status, 'complete');
    const [first, second] = of(rig, runId, 'subtask.checked');
    assert.deepEqual(second?.faults, []);
    const last = rig.agent.requests[1]?.messages.at(-1);
    assert.ok(last?.role === 'tools' && (first?.faults ?? []).every((fault) => last.text?.includes(fault)));
    const reviews = rig.lead.requests.filter((request) => request.purpose.startsWith('review'));
    assert.equal(reviews.length, 1, 'the lead was shown only what the host had proven');
    return { faults: first?.faults.join('\n') ?? '', outcome: first?.evidence[0]?.outcome, review: reviews[0]?.input };
  };

  it('about the result is answered with what the host saw', async () => {
    const { faults, outcome } = await caught([write('add.js', 'export const add = () => 3;\n')]);
    assert.equal(outcome, 'failed');
    assert.match(faults, /`npm test` exited with 1/);
  });

  it('by a script that cannot fail is caught, although the check passes', async () => {
    const manifest = MANIFEST.replace('node --test add.test.js', 'echo 2 tests passed');
    const { faults, outcome } = await caught([write('add.js', ADD), write('package.json', manifest)]);
    assert.equal(outcome, 'passed');
    assert.match(faults, /package\.json:1 The script "test", which a check runs, cannot fail/);
  });

  it('by ending a test file before its tests run is caught, although the check passes', async () => {
    const wrong = write('add.js', 'export const add = () => 3;\n');
    const { faults, outcome } = await caught([wrong, write('add.test.js', `process.exit(0);\n${TEST}`)]);
    assert.equal(outcome, 'passed');
    assert.match(faults, /add\.test\.js:0 A check runs this file, and it now ends with success early/);
  });

  it('by weakening a script that its own checks do not run, but those of the whole run, is caught', async () => {
    const own = aSubtask('a', { ownedPaths: ['add.js'], checks: [{ name: 'there', command: 'test -f add.js' }] });
    const later = aPlan([own], { sharedInterfaces: shared, integrationChecks: [{ name: 'all', command: 'npm test' }] });
    const { faults, outcome } = await caught([write('package.json', MANIFEST.replace('node --test', 'true #'))], later);
    assert.equal(outcome, 'failed');
    assert.match(faults, /package\.json:1 The script "test", which a check runs, cannot fail/);
  });

  it('by deleting a failing test is caught, although the check passes', async () => {
    const fewer = TEST.split('\n').slice(0, 4).join('\n');
    const { faults, outcome } = await caught([
      write('add.js', 'export const add = () => 3;\n'),
      write('add.test.js', fewer),
    ]);
    assert.equal(outcome, 'passed');
    assert.match(faults, /add\.test\.js:0 1 tests that were there before are gone: "adds negatives"/);
  });

  it('by moving away what it does not own, behind a change too large to show, is caught', async () => {
    const fill = `node -e 'fs.mkdirSync("a"); fs.writeFileSync("a/0", "line\\n".repeat(2_000_000))'`;
    const rig = await openRig(
      {
        plan: aPlan([aSubtask('a', { checks: [{ name: 'there', command: 'test -f a/kept.txt' }] })]),
        turn: (_id, n) =>
          n === 0
            ? [run(fill), run('mv kept.txt a/kept.txt'), finish()]
            : [run('mv a/kept.txt kept.txt && rm a/0 && touch a/kept.txt'), finish()],
      },
      {
        prepareWorkspace: (dir) => commitFiles(dir, { 'kept.txt': 'one\ntwo\nthree\n' }),
        forge: createFakeForge(),
      },
    );
    rigs.push(rig);
    const runId = await rig.start({ until: 'build' });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.match(of(rig, runId, 'subtask.checked')[0]?.faults[0] ?? '', /does not own; put them back: kept\.txt\./);
  });

  it('by skipping or stubbing a failing test is caught, although the check passes', async () => {
    const wrong = write('add.js', 'export const add = () => 3;\n');
    const skipped = TEST.replace("it('adds neg", "it.skip('adds neg");
    const first = await caught([wrong, write('add.test.js', skipped)]);
    assert.equal(first.outcome, 'passed');
    assert.match(first.faults, /add\.test\.js:5 Tests that ran before are switched off/);
    const stubbed = TEST.replace('assert.equal(add(1, -2), -1)', 'assert.ok(true)');
    const second = await caught([wrong, write('add.test.js', stubbed)]);
    assert.equal(second.outcome, 'passed');
    assert.match(second.faults, /add\.test\.js:5 Assertions were replaced by ones that cannot fail/);
  });

  it('in ways that only a reviewer can judge is pointed out to the lead', async () => {
    const softer = MANIFEST.replace('add.test.js', '--test-name-pattern adds$ add.test.js');
    const rig = await openRig(
      { plan, turn: () => [write('add.js', ADD), write('package.json', softer), finish()] },
      { forge: createFakeForge() },
    );
    rigs.push(rig);
    const runId = await rig.start({ until: 'build' });
    assert.equal((await rig.settled(runId)).status, 'complete');
    const review = rig.lead.requests.at(-1)?.input ?? '';
    assert.match(
      review,
      /# Found by the host\n- \[host-script-test-package\.json\] major package\.json:1 The script "test"/,
    );
  });

  it('on the word of a person, who asks for fewer tests, is left to the reviewer', async () => {
    const rig = await openRig(
      {
        plan,
        turn: (id) =>
          id === 'revision-1'
            ? [write('add.test.js', TEST.split('\n').slice(0, 4).join('\n')), finish()]
            : [write('add.js', ADD), finish()],
      },
      { forge: createFakeForge() },
    );
    rigs.push(rig);
    const runId = await rig.start({ until: 'review', autoApprove: false });
    await rig.settled(runId);
    await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
    await rig.settled(runId);
    await rig.app.dispatch({ type: 'reject', runId, comment: 'One test is enough.' });
    assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'diff');
    assert.deepEqual(of(rig, runId, 'subtask.checked').at(-1)?.faults, []);
    assert.match(
      rig.lead.requests.at(-1)?.input ?? '',
      /# Found by the host\n- \[host-removed-add\.test\.js\] blocker/,
    );
  });

  describe('about tests that the plan lets go', () => {
    const files = {
      'add.test.js': TEST,
      'old.test.js': TEST.replace("'adds'", "'adds as before'"),
      'package.json': MANIFEST.replace(' add.test.js', ''),
    };
    const owner = aSubtask('a', {
      ownedPaths: ['add.js', 'add.test.js', 'old.test.js'],
      removesTests: ['old.test.js'],
      checks: [{ name: 'test', command: 'npm test' }],
    });
    const less = TEST.split('\n').slice(0, 4).join('\n');

    /** The agent removes one file of tests and a test of another; told off, it puts both back as far as it is told to. */
    const atPlan = async () => {
      const rig = await openRig(
        {
          plan: aPlan([owner], { integrationChecks: [{ name: 'all', command: 'npm test' }] }),
          turn: (_id, n, request) => {
            if (n === 0) return [write('add.js', ADD), run('rm old.test.js'), write('add.test.js', less), finish()];
            const last = request.messages.at(-1);
            const said = last?.role === 'tools' ? (last.text ?? '') : '';
            const back = said.includes('old.test.js:0') ? [write('old.test.js', files['old.test.js'])] : [];
            return [write('add.test.js', TEST), ...back, finish()];
          },
        },
        { forge: createFakeForge(), prepareWorkspace: (dir) => commitFiles(dir, files) },
      );
      rigs.push(rig);
      const runId = await rig.start({ until: 'build', autoApprove: false });
      assert.equal((await rig.settled(runId)).waiting[0]?.gate, 'plan');
      return { rig, runId };
    };
    const outcome = async (rig: Rig, runId: string) => {
      const view = await rig.settled(runId);
      assert.equal(view.status, 'complete');
      return {
        faults: of(rig, runId, 'subtask.checked').map((event) => event.faults.join('\n')),
        review: rig.lead.requests.at(-1)?.input ?? '',
        files: rig.git('ls-tree', '--name-only', `refs/orchestrator/${runId}/integration`).split('\n'),
      };
    };

    it('lets those go, tells the reviewer, and holds every other test', async () => {
      const { rig, runId } = await atPlan();
      await rig.app.dispatch({ type: 'approve', runId, gate: 'plan' });
      const { faults, review, files: left } = await outcome(rig, runId);
      assert.equal(faults.length, 2);
      assert.match(
        faults[0] ?? '',
        /^add\.test\.js:0 1 tests that were there before are gone: "adds negatives"\. Put them back\.$/,
      );
      assert.equal(faults[1], '');
      assert.match(
        review,
        /# Found by the host\n- \[host-deleted-old\.test\.js\] minor old\.test\.js:0 The plan lets this test file go/,
      );
      assert.match(review, /may be removed or lose tests, as was approved\n- old\.test\.js\n/);
      assert.match(JSON.stringify(rig.agent.requests[0]?.messages), /may be removed or lose tests\\nold\.test\.js/);
      assert.ok(left.includes('add.test.js') && !left.includes('old.test.js'), left.join());
    });

    it('is held to what the person left of the plan', async () => {
      const { rig, runId } = await atPlan();
      const plan = aPlan([{ ...owner, removesTests: [] }]);
      await rig.app.dispatch({ type: 'edit_plan', runId, plan, topic: 'plan:0', waitOn: runId });
      const { faults, files: left } = await outcome(rig, runId);
      assert.match(faults[0] ?? '', /old\.test\.js:0 The test file was there before and is gone\. Put it back\./);
      assert.equal(faults[1], '');
      assert.ok(left.includes('old.test.js'), left.join());
    });
  });
});
