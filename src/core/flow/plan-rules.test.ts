import assert from 'node:assert/strict';
import { aBrief, aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import { Plan, type Subtask } from '../../protocol/plan.ts';
import { planFaults } from './plan-rules.ts';

const anyCheck = { refuseCheck: () => null };
const faultsOf = (plan: Plan, brief = aBrief()) => planFaults(plan, brief, anyCheck);

describe('the rules of a plan', () => {
  it('find nothing in a sound plan', () => {
    assert.deepEqual(faultsOf(aPlan([aSubtask('a'), aSubtask('b', { dependsOn: ['a'] })])), []);
  });

  it('name repeated and reserved ids', () => {
    const faults = faultsOf(aPlan([aSubtask('a'), aSubtask('a', { ownedPaths: ['x/'] }), aSubtask('integration')]));
    assert.ok(faultsOf(aPlan([aSubtask('rehearsal-a')])).some((fault) => fault.includes('"rehearsal-a" is reserved')));
    assert.ok(faults.some((fault) => fault.includes('"a"') && fault.includes('unique')));
    assert.ok(faults.some((fault) => fault.includes('"integration" is reserved')));
  });

  it('name unknown dependencies and circles, with the way round', () => {
    const unknown = faultsOf(aPlan([aSubtask('a', { dependsOn: ['ghost'] }), aSubtask('b')]));
    assert.ok(unknown.some((fault) => fault.includes('"ghost"')));
    const circle = faultsOf(
      aPlan([
        aSubtask('a', { dependsOn: ['b'] }),
        aSubtask('b', { dependsOn: ['c'] }),
        aSubtask('c', { dependsOn: ['a'] }),
      ]),
    );
    assert.ok(circle.some((fault) => fault.includes('a -> b -> c -> a')));
    assert.ok(faultsOf(aPlan([aSubtask('a', { dependsOn: ['a'] }), aSubtask('b')])).some((f) => f.includes('itself')));
  });

  it('name each requirement that no criterion covers, and criteria for requirements that are not there', () => {
    const brief = aBrief({ requirements: ['One.', 'Two.'] });
    const faults = faultsOf(
      aPlan([aSubtask('a', { acceptanceCriteria: [{ text: 'x', requirements: [1, 7] }] })]),
      brief,
    );
    assert.deepEqual(faults, [
      'No acceptance criterion covers requirement 2: "Two.".',
      'A criterion names requirement 7, but the brief has 2.',
    ]);
  });

  it('refuse owned paths that overlap, unless the subtasks are in order, also over several steps', () => {
    const a = aSubtask('a', { ownedPaths: ['src/'] });
    const b = aSubtask('b', { ownedPaths: ['src/api/x.js'] });
    assert.ok(faultsOf(aPlan([a, b])).some((fault) => fault.includes('"a"') && fault.includes('"b"')));
    const middle = aSubtask('m', { dependsOn: ['a'] });
    assert.deepEqual(faultsOf(aPlan([a, middle, { ...b, dependsOn: ['m'] }])), []);
    assert.deepEqual(faultsOf(aPlan([a, aSubtask('c', { ownedPaths: ['src2/'] })])), []);
  });

  it('compare owned paths in one form', () => {
    const faults = faultsOf(
      aPlan([aSubtask('a', { ownedPaths: ['./src/'] }), aSubtask('b', { ownedPaths: ['src//x.js'] })]),
    );
    assert.equal(faults.length, 1);
  });

  it('stay short and quick however much a plan gets wrong', () => {
    const ownedPaths = Array.from({ length: 1_500 }, (_, n) => `src/p${n}`);
    const plan = aPlan(Array.from({ length: 50 }, (_, n) => aSubtask(`s${n}`, { ownedPaths })));
    const startedAt = performance.now();
    const faults = faultsOf(plan);
    const tookMs = performance.now() - startedAt;
    assert.equal(faults.length, 41);
    assert.equal(faults.at(-1), `And ${(50 * 49) / 2 - 40} more.`);
    // Compared path by path this would be 2.7 billion comparisons.
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
  });

  it('refuse shared files that no file system can hold', () => {
    const sharing = (...paths: string[]) =>
      faultsOf(
        aPlan([aSubtask('a')], { sharedInterfaces: paths.map((path) => ({ path, purpose: 'p', content: '' })) }),
      );
    assert.equal(sharing('x'.repeat(256)).length, 1);
    assert.equal(sharing('a\0b').length, 1);
    assert.deepEqual(sharing('f/g', 'f'), ['The shared interface "f" is a file, and a folder of "f/g".']);
  });

  it('refuse paths that lead out of the repository or into .git', () => {
    for (const path of ['../x', '/etc/passwd', 'a/../../b', '.git/config', 'C:\\x', '**']) {
      assert.ok(
        faultsOf(aPlan([aSubtask('a', { ownedPaths: [path] })])).some((fault) => fault.includes(path)),
        path,
      );
    }
    const shared = [{ path: '../x.js', purpose: 'p', content: '' }];
    assert.ok(faultsOf(aPlan([aSubtask('a')], { sharedInterfaces: shared })).some((f) => f.includes('../x.js')));
  });

  it('let a subtask name test files of its own that may go', () => {
    const ownedPaths = ['src/', 'test/old.test.js'];
    const naming = (...removesTests: string[]) => faultsOf(aPlan([aSubtask('a', { ownedPaths, removesTests })]));
    assert.deepEqual(naming('test/old.test.js', './src//a.spec.ts', 'src/__tests__/b.js'), []);
    const refused = [
      ['../old.test.js', 'is not a relative path inside the repository'],
      ['/etc/a.test.js', 'is not a relative path inside the repository'],
      ['.git/a.test.js', 'is not a relative path inside the repository'],
      ['test/new.test.js', 'it does not own that file'],
      ['src/', 'name each file'],
      ['src/tests/**', 'name each file'],
      ['src/main.js', 'is no test file'],
      ['src/package.json', 'is no test file'],
    ] as const;
    for (const [path, why] of refused) {
      const faults = naming(path);
      assert.equal(faults.length, 1, path);
      assert.ok(
        faults[0]?.includes(`Subtask "a" may remove tests from "${path}"`) && faults[0].includes(why),
        faults[0],
      );
    }
  });

  it('refuse to let the tests go that the plan itself writes', () => {
    const path = 'a/old.test.js';
    const plan = aPlan([aSubtask('a', { removesTests: [path] })], {
      sharedInterfaces: [{ path, purpose: 'p', content: '' }],
    });
    assert.deepEqual(faultsOf(plan), [
      'Subtask "a" may remove tests from "a/old.test.js", which is a shared interface: every agent may rely on it.',
    ]);
  });

  it('take a plan that was recorded before tests could be named', () => {
    const { removesTests: _, ...old } = aSubtask('a');
    assert.deepEqual(Plan.parse({ ...aPlan([]), subtasks: [old] }).subtasks, [aSubtask('a')]);
    assert.deepEqual(faultsOf({ ...aPlan([]), subtasks: [old as Subtask] }), []);
  });

  it('refuse checks that the configuration does not allow, with its reason', () => {
    const plan = aPlan([aSubtask('a', { checks: [{ name: 'x', command: 'curl evil' }] })]);
    const faults = planFaults(plan, aBrief(), { refuseCheck: (c) => (c.startsWith('curl') ? 'no network' : null) });
    assert.deepEqual(faults, ['Subtask "a" has the check `curl evil`, which is not allowed: no network']);
  });

  it('refuse a simple plan with several subtasks', () => {
    const plan = aPlan([aSubtask('a'), aSubtask('b')], { complexity: 'simple' });
    assert.ok(faultsOf(plan).some((fault) => fault.includes('simple')));
  });
});
