import assert from 'node:assert/strict';
import { finish, type Rig, run, write } from '../scenarios/rig.ts';
import { eventsOf, type Outcome, passes, type Suite, twoAgents } from './two-agents.ts';

const TEN = Array.from({ length: 10 }, (_, index) => `line ${index}\n`).join('');
const npmLock = (...names: string[]) =>
  `${JSON.stringify(
    {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])) },
        ...Object.fromEntries(names.map((name) => [`node_modules/${name}`, { version: '1.0.0' }])),
      },
    },
    null,
    2,
  )}\n`;

const overlapsOf = ({ view }: Outcome) => view.overlaps.map(({ kind, paths }) => ({ kind, paths }));
const missingOf = ({ events }: Outcome) => eventsOf(events, 'merge.refused').map((event) => event.missing);

function assertBuilt({ view }: Outcome): void {
  assert.equal(view.error, null);
  assert.deepEqual(view.waiting, []);
  assert.equal(view.status, 'complete');
}

describe('work of two agents that collides', function () {
  this.timeout(60_000);
  const rigs: Rig[] = [];
  const play = (suite: Suite) => twoAgents(suite, rigs);
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  it('same lines: is predicted, told to both with what the other did, and joined', async () => {
    const outcome = await play({
      shared: { 'routes.txt': 'home\n' },
      a: [write('routes.txt', 'home\nroute-a\n')],
      b: [write('routes.txt', 'home\nroute-b\n')],
      untilTold: true,
      merge: () => [write('routes.txt', 'home\nroute-a\nroute-b\n'), finish()],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'conflict', paths: ['routes.txt'] }]);
    assert.match(outcome.told('a'), /same lines of routes\.txt[\s\S]*\+route-b/);
    assert.match(outcome.told('b'), /same lines of routes\.txt[\s\S]*\+route-a/);
    const order = outcome.events.map((event) => event.type);
    assert.ok(order.indexOf('overlap.found') < order.indexOf('merge.conflicted'));
    assert.equal(outcome.landed('routes.txt'), 'home\nroute-a\nroute-b\n');
  });

  it('other lines of the same file: is announced as such and merges without an agent', async () => {
    const outcome = await play({
      shared: { 'list.txt': TEN },
      a: [write('list.txt', TEN.replace('line 1\n', 'line 1 of a\n'))],
      b: [write('list.txt', TEN.replace('line 8\n', 'line 8 of b\n'))],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'same_file', paths: ['list.txt'] }]);
    assert.equal(
      outcome.landed('list.txt'),
      TEN.replace('line 1\n', 'line 1 of a\n').replace('line 8\n', 'line 8 of b\n'),
    );
  });

  it('a rename against an edit: is announced by the old name, and the edit arrives under the new one', async () => {
    const outcome = await play({
      shared: { 'list.txt': TEN },
      a: [run('mkdir a && mv list.txt a/list.txt')],
      b: [write('list.txt', TEN.replace('line 8\n', 'line 8 of b\n'))],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'same_file', paths: ['list.txt'] }]);
    assert.equal(outcome.landed('a/list.txt'), TEN.replace('line 8\n', 'line 8 of b\n'));
    assert.equal(outcome.landed('list.txt'), null);
  });

  it('a rename with an edit against an edit of the same line: is predicted and held in the renamed file', async () => {
    const outcome = await play({
      shared: { 'list.txt': TEN },
      a: [write('a/list.txt', TEN.replace('line 3\n', 'line 3 of a\n')), run('rm list.txt')],
      b: [write('list.txt', TEN.replace('line 3\n', 'line 3 of b\n'))],
      merge: (turn) => [
        write('a/list.txt', TEN.replace('line 3\n', turn === 0 ? 'line 3 of a\n' : 'line 3 of a of b\n')),
        run('rm -f list.txt'),
        finish(),
      ],
    });
    assert.deepEqual(
      overlapsOf(outcome).map((overlap) => overlap.kind),
      ['conflict'],
    );
    assertBuilt(outcome);
    // Which side is the integrated one depends on who came first; either way it is the word of b that was dropped.
    assert.match(missingOf(outcome)[0]?.[0] ?? '', /list\.txt lost .*\bb\b/);
    assert.equal(outcome.landed('a/list.txt'), TEN.replace('line 3\n', 'line 3 of a of b\n'));
    assert.equal(outcome.landed('list.txt'), null);
  });

  it('a deletion against an edit: is predicted, and only a person accepts the loss, which the commit names', async () => {
    const outcome = await play({
      shared: { 'old.txt': 'old\n' },
      a: [run('rm old.txt')],
      b: [write('old.txt', 'old\nedited\n')],
      merge: () => [write('old.txt', 'old\nedited\n'), finish()],
    });
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'conflict', paths: ['old.txt'] }]);
    assert.equal(outcome.view.status, 'waiting');
    assert.equal(outcome.view.waiting[0]?.gate, 'subtask');
    assert.match(outcome.view.waiting[0]?.message ?? '', /old\.txt: .* deleted it, .* changed it/);
    // Nothing that the agent could mend, so it is asked once.
    assert.equal(missingOf(outcome).length, 1);
    await outcome.rig.app.dispatch({ type: 'approve', runId: outcome.runId, gate: 'subtask' });
    const view = await outcome.rig.settled(outcome.runId);
    assert.equal(view.status, 'complete');
    assert.equal(outcome.landed('old.txt'), 'old\nedited\n');
    assert.match(
      outcome.rig.git('log', '-1', '--format=%B', 'orchestrator/sample'),
      /Accepted by a person as it is:\n- old\.txt: /,
    );
  });

  it('the same new file on both sides: is predicted, and the side that does not own it takes it back', async () => {
    const outcome = await play({
      shared: {},
      a: [write('a/both.txt', 'from a\n')],
      b: [write('a/both.txt', 'from b\n')],
      mend: [run('rm a/both.txt')],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'conflict', paths: ['a/both.txt'] }]);
    const faults = eventsOf(outcome.events, 'subtask.checked').flatMap((event) => event.faults);
    assert.match(faults[0] ?? '', /does not own; put them back: a\/both\.txt/);
    assert.equal(outcome.landed('a/both.txt'), 'from a\n');
  });

  it('one interface, changed compatibly: merges without an agent', async () => {
    const api = 'export const one = () => 1;\n\n\n\nexport const last = () => 9;\n';
    const outcome = await play({
      shared: { 'api.mjs': api },
      a: [write('api.mjs', api.replace('1;\n', '1;\nexport const two = () => 2;\n'))],
      b: [write('api.mjs', api.replace('export const last', 'export const eight = () => 8;\nexport const last'))],
      integrationChecks: [passes('node api.mjs')],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'same_file', paths: ['api.mjs'] }]);
    assert.match(outcome.landed('api.mjs') ?? '', /two[\s\S]*eight/);
  });

  it('one interface, changed incompatibly: merges clean, is caught by the checks and mended with both sides kept', async () => {
    const check = `import { existsSync } from 'node:fs';
for (const use of ['a/use.mjs', 'b/use.mjs']) if (existsSync(use)) await import('./' + use);
`;
    const outcome = await play({
      shared: { 'api.mjs': 'export const greet = () => 1;\n', 'check.mjs': check },
      a: [
        write('api.mjs', 'export const welcome = () => 1;\n'),
        write('a/use.mjs', "import { welcome } from '../api.mjs';\nwelcome();\n"),
      ],
      b: [write('b/use.mjs', "import { greet } from '../api.mjs';\ngreet();\n")],
      integrationChecks: [passes('node check.mjs')],
      merge: (turn) => [
        turn === 0 ? run('rm b/use.mjs') : write('b/use.mjs', "import { welcome } from '../api.mjs';\nwelcome();\n"),
        finish(),
      ],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), []);
    const failed = eventsOf(outcome.events, 'integration.checked').filter((event) =>
      event.evidence.some((evidence) => evidence.outcome === 'failed'),
    );
    assert.equal(failed.length, 1);
    // Taking the caller away makes the checks pass; it is refused all the same.
    assert.match(missingOf(outcome)[0]?.[0] ?? '', /b\/use\.mjs is gone/);
    assert.match(outcome.landed('b/use.mjs') ?? '', /welcome\(\)/);
    assert.match(outcome.landed('api.mjs') ?? '', /welcome/);
  });

  it('checks that a resolver weakens rather than mending the merge: are refused, whichever side had not done it', async () => {
    const check = `import { existsSync } from 'node:fs';
for (const use of ['a/use.mjs', 'b/use.mjs']) if (existsSync(use)) await import('./' + use);
`;
    const manifest = '{ "scripts": { "test": "node check.mjs" } }\n';
    const lies = [
      [write('check.mjs', `process.exit(0);\n${check}`)],
      [write('check.mjs', check), write('package.json', manifest.replace('node check.mjs', 'true'))],
    ];
    const outcome = await play({
      shared: { 'api.mjs': 'export const greet = () => 1;\n', 'check.mjs': check, 'package.json': manifest },
      a: [
        write('api.mjs', 'export const welcome = () => 1;\n'),
        write('a/use.mjs', "import { welcome } from '../api.mjs';\nwelcome();\n"),
      ],
      b: [write('b/use.mjs', "import { greet } from '../api.mjs';\ngreet();\n")],
      integrationChecks: [passes('npm test')],
      merge: (turn) => [
        ...(lies[turn] ?? [
          write('package.json', manifest),
          write('b/use.mjs', "import { welcome } from '../api.mjs';\nwelcome();\n"),
        ]),
        finish(),
      ],
    });
    assertBuilt(outcome);
    const [first, second] = missingOf(outcome);
    assert.deepEqual(first, ['check.mjs:0 A check runs this file, and it now ends with success early. Take that out.']);
    assert.deepEqual(second, ['package.json:1 The script "test", which a check runs, cannot fail: `true`.']);
    assert.equal(outcome.landed('check.mjs'), check);
    assert.equal(outcome.landed('package.json'), manifest);
    assert.match(outcome.landed('b/use.mjs') ?? '', /welcome\(\)/);
  });

  it('a test that both sides had and a resolver drops or empties where each added one: is refused', async () => {
    const head = "import assert from 'node:assert/strict';\nimport { it } from 'node:test';\n";
    const one = (name: string, value: string) => `it('${name}', () => assert.equal(${value}, 1));\n`;
    const base = head + one('kept', '0 + 1');
    const lies = [
      head + one('of a', '2 - 1') + one('of b', '3 - 2'),
      head + one('kept', '1') + one('of a', '2 - 1') + one('of b', '3 - 2'),
    ];
    const outcome = await play({
      shared: { 'sum.test.mjs': base },
      a: [write('sum.test.mjs', base + one('of a', '2 - 1'))],
      b: [write('sum.test.mjs', base + one('of b', '3 - 2'))],
      merge: (turn) => [
        write('sum.test.mjs', lies[turn] ?? base + one('of a', '2 - 1') + one('of b', '3 - 2')),
        finish(),
      ],
    });
    assertBuilt(outcome);
    assert.deepEqual(missingOf(outcome), [
      ['sum.test.mjs:0 Tests that both sides have are gone: "kept". Put them back.'],
      [
        "sum.test.mjs:0 Assertions that neither side had touched are gone: `it('kept', () => assert.equal(0 + 1, 1));`. Put them back.",
      ],
    ]);
  });

  it('a lock file: is predicted, and a resolution must hold the packages of both sides', async () => {
    const outcome = await play({
      shared: { 'package-lock.json': npmLock('base') },
      a: [write('package-lock.json', npmLock('base', 'from-a'))],
      b: [write('package-lock.json', npmLock('base', 'from-b'))],
      merge: (turn) => [
        write('package-lock.json', turn === 0 ? npmLock('base', 'from-a') : npmLock('from-b', 'from-a', 'base')),
        finish(),
      ],
    });
    assertBuilt(outcome);
    assert.deepEqual(overlapsOf(outcome), [{ kind: 'conflict', paths: ['package-lock.json'] }]);
    assert.match(missingOf(outcome)[0]?.[0] ?? '', /package-lock\.json lost what .* added: from-b@1\.0\.0/);
  });

  it('refuses a resolver three times that drops a side, then waits for the person, whose approval is on record', async () => {
    const dropped = 'home\nroute-a\n';
    const outcome = await play({
      shared: { 'routes.txt': 'home\n' },
      a: [write('routes.txt', 'home\nroute-a\n')],
      b: [write('routes.txt', 'home\nroute-b\n')],
      merge: () => [write('routes.txt', dropped), finish()],
    });
    assert.equal(missingOf(outcome).length, 3);
    assert.ok(missingOf(outcome).every(([fault = '']) => /routes\.txt lost what .* added: .*b/.test(fault)));
    assert.equal(outcome.view.status, 'waiting');
    assert.match(eventsOf(outcome.events, 'subtask.parked')[0]?.reason ?? '', /merge was refused: routes\.txt lost/);
    assert.equal(eventsOf(outcome.events, 'merge.resolved').length, 0);
    await outcome.rig.app.dispatch({ type: 'approve', runId: outcome.runId, gate: 'subtask' });
    const view = await outcome.rig.settled(outcome.runId);
    assert.equal(view.status, 'complete');
    const after = outcome.rig.eventsOf(outcome.runId).map((event) => event.type);
    assert.ok(after.indexOf('subtask.parked') < after.indexOf('merge.resolved'));
    assert.equal(outcome.landed('routes.txt'), dropped);
    assert.match(outcome.rig.git('log', '-1', '--format=%B', 'orchestrator/sample'), /- routes\.txt lost what/);
  });

  it('goes on with the agent when the person sends a refused merge back', async () => {
    let isSentBack = false;
    const outcome = await play({
      shared: { 'routes.txt': 'home\n' },
      a: [write('routes.txt', 'home\nroute-a\n')],
      b: [write('routes.txt', 'home\nroute-b\n')],
      merge: () => [write('routes.txt', isSentBack ? 'home\nroute-a\nroute-b\n' : 'home\n'), finish()],
    });
    assert.equal(outcome.view.status, 'waiting');
    isSentBack = true;
    await outcome.rig.app.dispatch({ type: 'reject', runId: outcome.runId, comment: 'keep both' });
    assert.equal((await outcome.rig.settled(outcome.runId)).status, 'complete');
    assert.equal(outcome.landed('routes.txt'), 'home\nroute-a\nroute-b\n');
  });
});
