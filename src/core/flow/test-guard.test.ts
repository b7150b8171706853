import assert from 'node:assert/strict';
import { cannotFail, namedScripts, packageScriptsOf } from './check-commands.ts';
import type { GuardedFile } from './guarded-file.ts';
import { findWeakenedTests, guardTests, isGuarded } from './test-guard.ts';
import { codeOf, readTestSource } from './test-source.ts';

const check = (command: string) => ({ name: 'check', command });
const npmTest = [check('npm test')];
const change = (
  path: string,
  before: string | null,
  after: string | null,
  from: string | null = null,
): GuardedFile => ({
  path,
  from,
  before,
  after,
});
const found = (files: GuardedFile[], checks = npmTest) =>
  guardTests(files, checks).map(({ id, line, severity }) => `${severity} ${id}:${line}`);

const TWO = `import assert from 'node:assert/strict';
import { add } from '../src/add.js';
it('adds', () => {
  assert.equal(add(1, 2), 3);
});
it('adds negatives', () => {
  assert.equal(add(1, -2), -1);
});
`;
const manifest = (scripts: Record<string, string>) => JSON.stringify({ name: 'x', scripts }, null, 2);

describe('the guard of tests and checks', () => {
  it('lets an agent add tests, add scripts and change its own code', () => {
    const more = `${TWO}it('adds nothing', () => {\n  assert.equal(add(1, 0), 1);\n});\n`;
    assert.deepEqual(found([change('test/add.test.js', TWO, more)]), []);
    assert.deepEqual(found([change('test/add.test.js', null, TWO)]), []);
    const before = manifest({ test: 'node --test' });
    assert.deepEqual(found([change('package.json', before, manifest({ test: 'node --test', dev: 'true' }))]), []);
    assert.deepEqual(found([change('package.json', null, manifest({ test: 'node --test' }))]), []);
    assert.deepEqual(found([change('src/add.js', 'a', 'assert(true)')]), []);
  });

  it('lets a test be rewritten, renamed in its title, or moved to another file', () => {
    const retitled = TWO.replace('adds negatives', 'adds numbers below zero');
    assert.deepEqual(found([change('test/add.test.js', TWO, retitled)]), []);
    assert.deepEqual(
      found([change('test/add.test.js', TWO, null), change('test/sum.test.js', null, `${TWO}it('more', () => {});`)]),
      [],
    );
    assert.deepEqual(found([change('test/sum.test.js', TWO, TWO, 'test/add.test.js')]), []);
  });

  it('finds a test file that was deleted, or renamed to something that no check runs', () => {
    const deleted = ['blocker host-deleted-test/add.test.js:0'];
    assert.deepEqual(found([change('test/add.test.js', TWO, null)]), deleted);
    assert.deepEqual(found([change('old/add.txt', TWO, TWO, 'test/add.test.js')]), deleted);
    assert.match(guardTests([change('test/add.test.js', TWO, null)], [])[0]?.message ?? '', /"adds", "adds negatives"/);
  });

  it('finds tests that were removed or commented out', () => {
    const removed = ['blocker host-removed-test/add.test.js:0'];
    assert.deepEqual(found([change('test/add.test.js', TWO, TWO.slice(0, TWO.indexOf("it('adds neg")))]), removed);
    const commented = TWO.replace("it('adds neg", "// it('adds neg");
    assert.deepEqual(found([change('test/add.test.js', TWO, commented)]), removed);
    assert.deepEqual(found([change('test/add.test.js', TWO, TWO.replace("it('adds neg", "/* it('adds neg"))]), removed);
  });

  for (const [name, from, to] of [
    ['it.skip', "it('adds neg", "it.skip('adds neg"],
    ['it.only', "it('adds neg", "it.only('adds neg"],
    ['it.todo', "it('adds neg", "it.todo('adds neg"],
    ['xit', "it('adds neg", "xit('adds neg"],
    ['a skip option', "it('adds negatives', ", "it('adds negatives', { skip: true }, "],
    ['it.skipIf', "it('adds neg", "it.skipIf(true)('adds neg"],
    ['it.failing', "it('adds neg", "it.failing('adds neg"],
    ["it['skip']", "it('adds neg", "it['skip']('adds neg"],
    ['skip inside the test', '  assert.equal(add(1, -2), -1);', '  t.skip();'],
  ] as const) {
    it(`finds tests that were switched off with ${name}`, () => {
      const line = TWO.slice(0, TWO.indexOf(from)).split('\n').length;
      assert.deepEqual(found([change('test/add.test.js', TWO, TWO.replace(from, to))]), [
        `blocker host-disabled-test/add.test.js:${line}`,
      ]);
    });
  }

  it('lets go what the plan names, as a remark, and nothing else', () => {
    const planned = ['test/add.test.js'];
    const judged = (files: GuardedFile[]) =>
      guardTests(files, npmTest, undefined, planned).map(({ id, line, severity }) => `${severity} ${id}:${line}`);
    const half = TWO.slice(0, TWO.indexOf("it('adds neg"));
    assert.deepEqual(judged([change('test/add.test.js', TWO, null)]), ['minor host-deleted-test/add.test.js:0']);
    assert.deepEqual(judged([change('test/add.test.js', TWO, half)]), ['minor host-removed-test/add.test.js:0']);
    assert.deepEqual(judged([change('test/sum.test.js', TWO, half, 'test/add.test.js')]), [
      'minor host-removed-test/add.test.js:0',
    ]);
    assert.match(
      guardTests([change('test/add.test.js', TWO, half)], [], undefined, planned)[0]?.message ?? '',
      /^The plan lets this file lose tests; 1 .*"adds negatives"/,
    );
    assert.deepEqual(judged([change('test/other.test.js', TWO, null)]), ['blocker host-deleted-test/other.test.js:0']);
    assert.deepEqual(judged([change('test/other.test.js', TWO, half)]), ['blocker host-removed-test/other.test.js:0']);
    // A test that stays has to be one.
    assert.deepEqual(judged([change('test/add.test.js', TWO, TWO.replace("it('adds neg", "it.skip('adds neg"))]), [
      'blocker host-disabled-test/add.test.js:6',
    ]);
    assert.deepEqual(judged([change('test/add.test.js', TWO, half.replace('add(1, 2), 3', '1, 1'))]), [
      'minor host-removed-test/add.test.js:0',
      'blocker host-constant-test/add.test.js:4',
    ]);
    assert.deepEqual(judged([change('test/add.test.js', TWO, `process.exit(0);\n${TWO}`)]), [
      'blocker host-definition-test/add.test.js:0',
    ]);
  });

  it('looks at the tests that stay as it would without a plan that lets others go', () => {
    const judged = (before: string, after: string) =>
      guardTests([change('test/add.test.js', before, after)], npmTest, undefined, ['test/add.test.js']).map(
        ({ id, severity }) => `${severity} ${id.replace('-test/add.test.js', '')}`,
      );
    const test = (n: number, body = `assert.equal(add(${n}, 2), ${n + 2});`) =>
      `it('adds ${n}', () => {\n  ${body}\n});\n`;
    const tests = (...bodies: (string | undefined)[]) => bodies.map((body, n) => test(n + 1, body)).join('');
    const old = "it('old', () => {\n  assert.equal(old(), 1);\n  assert.equal(old(2), 2);\n});\n";
    const before = `${old}${tests(undefined, undefined, undefined)}`;
    const gone = 'minor host-removed';
    assert.deepEqual(judged(before, tests(undefined, undefined, undefined)), [gone]);
    assert.deepEqual(judged(before, tests('add();', 'add();', 'add();')), [gone, 'blocker host-emptied']);
    assert.deepEqual(judged(before, tests('add();', undefined, undefined)), [gone, 'major host-fewer']);
    assert.deepEqual(judged(before, tests('assert.equal(add(), 9);', undefined, undefined)), [
      gone,
      'major host-other',
    ]);
    // A constant of a test that goes is no leave for one in a test that stays.
    const constant = before.replace('assert.equal(old(2), 2)', 'assert.equal(2, 2)');
    assert.deepEqual(judged(constant, tests('assert.equal(1, 1);', undefined, undefined)), [
      gone,
      'blocker host-constant',
    ]);
    // Nor are new names for the tests that stay.
    const renamed = tests('add();', 'add();', 'add();').replaceAll("it('adds", "it('sums");
    assert.deepEqual(judged(before, renamed), [gone, 'blocker host-emptied']);
    // The only assertions were those of the test that goes.
    assert.deepEqual(
      judged(`${old}it('helped', () => {\n  expectOk();\n});\n`, "it('helped', () => {\n  expectOk();\n});\n"),
      [gone],
    );
  });

  it('finds assertions that were replaced by constants or taken out', () => {
    const constant = TWO.replace('assert.equal(add(1, -2), -1)', 'assert.equal(1, 1)');
    assert.deepEqual(found([change('test/add.test.js', TWO, constant)]), ['blocker host-constant-test/add.test.js:7']);
    const empty = TWO.replaceAll(/ {2}assert.*\n/g, '');
    assert.deepEqual(found([change('test/add.test.js', TWO, empty)]), ['blocker host-emptied-test/add.test.js:0']);
    const fewer = TWO.replace('  assert.equal(add(1, -2), -1);\n', '');
    assert.deepEqual(found([change('test/add.test.js', TWO, fewer)]), ['major host-fewer-test/add.test.js:0']);
  });

  it('finds a test file that ends with success before its tests run', () => {
    const early = ['blocker host-definition-test/add.test.js:0'];
    assert.deepEqual(found([change('test/add.test.js', TWO, `process.exit(0);\n${TWO}`)]), early);
    const always = `${TWO}process.on('exit', () => { process.exitCode = 0; });\n`;
    assert.deepEqual(found([change('test/add.test.js', TWO, always)]), early);
  });

  it('lets a test run programs that end well, and leaves it to the reviewer when a part of it ends so', () => {
    const spawns = `${TWO}it('runs', () => {
  // Not process.exit(0) itself.
  assert.equal(spawnSync('node', ['-e', 'process.exit(0)']).status, 0);
});
`;
    assert.deepEqual(found([change('test/add.test.js', TWO, spawns)]), []);
    assert.deepEqual(found([change('test/add.test.js', TWO, spawns)], [check('node --test test/add.test.js')]), []);
    const python = 'def test_a():\n    assert run("sys.exit(0)") == 0\n';
    assert.deepEqual(found([change('test_a.py', 'def test_a():\n    assert run("x") == 0\n', python)]), [
      'major host-other-test_a.py:0',
    ]);
    const child = 'run();\n';
    assert.deepEqual(found([change('test/fixtures/child.mjs', child, `${child}process.exit(0);\n`)]), [
      'major host-definition-test/fixtures/child.mjs:0',
    ]);
    assert.deepEqual(found([change('test/a.test.js', null, `process.exit(0);\n${TWO}`)]), [
      'major host-definition-test/a.test.js:0',
    ]);
  });

  it('leaves it to the reviewer when a file or script is gone that nothing runs any more', async () => {
    const texts: Record<'before' | 'after', Record<string, string>> = {
      before: { 'package.json': manifest({ test: 'npm run build && mocha', build: 'node build.js' }) },
      after: { 'package.json': manifest({ test: 'npm run compile && mocha', compile: 'tsc' }) },
    };
    const find = (after: Record<string, string>) =>
      findWeakenedTests(
        [
          { path: 'package.json', status: 'modified', addedLines: 1, removedLines: 1 },
          { path: 'build.js', status: 'deleted', addedLines: 0, removedLines: 1 },
        ],
        npmTest,
        async (side, path) => ({ ...texts[side], ...(side === 'after' ? after : {}) })[path] ?? 'run();\n',
      );
    const severities = async (after = {}) => (await find(after)).map(({ id, severity }) => `${severity} ${id}`);
    assert.deepEqual(await severities(), [
      'major host-script-test-package.json',
      'major host-script-build-package.json',
      'major host-definition-build.js',
    ]);
    const still = manifest({ test: 'npm run build && mocha' });
    assert.deepEqual(await severities({ 'package.json': still }), [
      'blocker host-script-build-package.json',
      'major host-definition-build.js',
    ]);
    const unlinked = manifest({ test: 'npm run build && mocha', build: 'node build.js' });
    assert.deepEqual(await severities({ 'package.json': unlinked }), ['blocker host-definition-build.js']);
  });

  // As long as mocha's limit; with a step back at each character it takes minutes.
  it('reads long lines and files of nothing in no time', () => {
    const long = 200_000;
    const texts = ['\n'.repeat(long), `process.exit(${' '.repeat(long)}`, `exit ${' '.repeat(long)}x`];
    for (const text of texts) {
      for (const path of ['test/a.test.js', 'test/a.sh', '.npmrc']) found([change(path, 'x', text)]);
    }
    for (const line of [`npm ${' '.repeat(long)}x`, `a${';'.repeat(long)}x`, `true (${' '.repeat(long)}x`]) {
      cannotFail(line);
    }
    namedScripts([check(`cd a${'/'.repeat(long)}x`)]);
    for (const text of ['it.skip'.repeat(long / 10), 'assert.'.repeat(long / 10)])
      readTestSource('test/a.test.js', text);
    for (const [path, line] of [
      ['test/a.test.js', "it.skip('x', "],
      ['test/a.test.js', "describe('x', () => { it('y', { skip: true }) "],
      ['test_a.py', '@pytest.mark.skip\ndef test_a():\n'],
      ['a_test.go', 'func TestA() {t.Skip('],
      ['tests/a.rs', '#[ignore]#[test]'],
    ] as const)
      found([change(path, line, line.repeat(long / line.length))]);
  });

  it('points out assertions that were made to say something else, and not those that moved', () => {
    const other = TWO.replace('-1)', '-3)');
    assert.deepEqual(found([change('test/add.test.js', TWO, other)]), ['major host-other-test/add.test.js:0']);
    assert.match(guardTests([change('test/add.test.js', TWO, other)], [])[0]?.message ?? '', /add\(1, -2\), -1\)/);
    const sum = TWO.replace("it('adds neg", "it('sums neg");
    assert.deepEqual(found([change('test/add.test.js', TWO, other), change('test/sum.test.js', null, sum)]), []);
  });

  it('points out that what tests expect was changed or deleted', () => {
    for (const path of ['src/__snapshots__/a.test.js.snap', 'e2e/a.spec.ts-snapshots/a.png', 'out/a.golden']) {
      assert.deepEqual(found([change(path, 'a', 'b')]), [`major host-definition-${path}:0`]);
      assert.deepEqual(found([change(path, 'a', null)]), [`major host-definition-${path}:0`]);
      assert.deepEqual(found([change(path, null, 'a')]), []);
    }
  });

  it('finds settings of npm that replace what a script runs, in a new file too', () => {
    for (const line of ['script-shell=/bin/true', 'node-options = --import ./x.mjs', 'if-present=true']) {
      assert.deepEqual(found([change('.npmrc', null, `fund=false\n${line}\n`)]), ['blocker host-definition-.npmrc:0']);
      assert.deepEqual(found([change('.npmrc', `${line}\n`, `fund=false\n${line}\n`)]), [
        'major host-definition-.npmrc:0',
      ]);
    }
    assert.deepEqual(found([change('.npmrc', null, 'fund=false\n')]), ['minor host-definition-.npmrc:0']);
  });

  it('points out configuration in a manifest, a new one beside it, and one that is gone', () => {
    const before = JSON.stringify({ name: 'x', mocha: { spec: 'test' }, dependencies: {} });
    const after = JSON.stringify({ name: 'y', mocha: { spec: 'none' }, dependencies: { a: '1' } });
    assert.deepEqual(found([change('package.json', before, after)]), ['major host-settings-package.json:1']);
    assert.deepEqual(found([change('GNUmakefile', null, 'test:\n')]), ['minor host-definition-GNUmakefile:0']);
    assert.deepEqual(found([change('tsconfig.json', '{}', null)]), ['major host-definition-tsconfig.json:0']);
  });

  it('leaves new tests that show nothing to the reviewer', () => {
    assert.deepEqual(found([change('test/a.test.js', null, "it('x', () => { assert.ok(true); });")]), [
      'major host-weak-test/a.test.js:1',
    ]);
    assert.deepEqual(found([change('test/a.test.js', null, "it.todo('x');")]), ['major host-weak-test/a.test.js:1']);
  });

  it('finds a script that a check runs and that was removed, or cannot fail any more', () => {
    const before = manifest({ pretest: 'npm run lint', test: 'node --test', lint: 'biome check', dev: 'x' });
    const scriptsNow = (scripts: Record<string, string>) => found([change('package.json', before, manifest(scripts))]);
    assert.deepEqual(scriptsNow({ pretest: 'npm run lint', test: 'true', lint: 'biome check' }), [
      'blocker host-script-test-package.json:5',
    ]);
    assert.deepEqual(scriptsNow({ pretest: 'npm run lint', test: 'node --test', lint: 'biome check || exit 0' }), [
      'blocker host-script-lint-package.json:6',
    ]);
    assert.deepEqual(scriptsNow({ pretest: 'npm run lint', lint: 'biome check' }), [
      'blocker host-script-test-package.json:0',
    ]);
    assert.deepEqual(scriptsNow({ pretest: 'npm run lint', test: 'node --test a.js', lint: 'biome check' }), [
      'major host-script-test-package.json:5',
    ]);
    assert.deepEqual(found([change('package.json', null, manifest({ test: 'echo ok' }))]), [
      'blocker host-script-test-package.json:4',
    ]);
    assert.deepEqual(found([change('package.json', before, manifest({}))], [check('node --test')]), []);
  });

  it('finds changes to files that a check runs, and to what test runners look at', () => {
    const checks = [check('node scripts/check.mjs && ./verify.sh')];
    assert.deepEqual(found([change('scripts/check.mjs', 'run();\n', 'process.exit(0);\nrun();\n')], checks), [
      'blocker host-definition-scripts/check.mjs:0',
    ]);
    assert.deepEqual(found([change('verify.sh', 'npm test\n', 'exit 0\nnpm test\n')], checks), [
      'blocker host-definition-verify.sh:0',
    ]);
    assert.deepEqual(found([change('scripts/check.mjs', 'run();\n', null)], checks), [
      'blocker host-definition-scripts/check.mjs:0',
    ]);
    assert.deepEqual(found([change('scripts/check.mjs', 'run();\n', 'run(1);\n')], checks), [
      'major host-definition-scripts/check.mjs:0',
    ]);
    assert.deepEqual(found([change('scripts/check.mjs', null, 'process.exit(0);\n')], checks), []);
    assert.deepEqual(found([change('.mocharc.json', '{}', '{"grep":"x"}')]), ['major host-definition-.mocharc.json:0']);
  });

  it('reads only the files that matter, with renames followed to their old path', async () => {
    const asked: string[] = [];
    const findings = await findWeakenedTests(
      [
        { path: 'src/a.js', status: 'modified', addedLines: 1, removedLines: 1 },
        { path: 'attic/add.txt', status: 'renamed', oldPath: 'test/add.test.js', addedLines: 0, removedLines: 0 },
      ],
      npmTest,
      async (side, path) => {
        asked.push(`${side} ${path}`);
        return TWO;
      },
    );
    assert.deepEqual(asked, ['before package.json', 'before test/add.test.js', 'after attic/add.txt']);
    assert.equal(findings[0]?.severity, 'blocker');
  });

  it('watches the files that package scripts run', async () => {
    const scripts: Record<string, string> = {
      'package.json': manifest({ test: 'npm run check && mocha -r ./setup.mjs', check: 'node scripts/check.mjs' }),
    };
    const find = (path: string, after: string) =>
      findWeakenedTests([{ path, status: 'modified', addedLines: 1, removedLines: 1 }], npmTest, async (side, name) =>
        side === 'after' ? after : (scripts[name] ?? 'run();\n'),
      );
    assert.equal((await find('scripts/check.mjs', 'process.exit(0);\n'))[0]?.severity, 'blocker');
    assert.equal((await find('setup.mjs', 'run(1);\n'))[0]?.severity, 'major');
    assert.deepEqual(await find('scripts/other.mjs', 'process.exit(0);\n'), []);
  });

  it('knows test files, manifests, runner configurations and named scripts', () => {
    for (const path of ['test/a.js', 'src/a.test.ts', 'pkg/test_a.py', 'a_test.go', 'package.json', 'jest.config.js']) {
      assert.ok(isGuarded(path, []), path);
    }
    for (const path of [
      ...['test.js', 'lib/test-add.mjs', 'add-test.js', 'add_test.ts', 'a.cy.ts', 'a_spec.rb', 'tests.py', '.npmrc'],
      ...['vite.config.ts', 'vitest.workspace.json', 'jest.unit.config.ts', 'jest.config.ci.js', '.eslintignore'],
      ...['tsconfig.build.json', '.nycrc.json', 'GNUmakefile', 'karma.conf.js', 'a/__snapshots__/b.snap'],
    ]) {
      assert.ok(isGuarded(path, []), path);
    }
    for (const path of [
      'src/a.js',
      'test/data.json',
      'vite.js',
      'config.js',
      'src/makefile.js',
      'contest/a.js',
      'latest.js',
    ])
      assert.ok(!isGuarded(path, []), path);
  });
});

describe('the reading of test files', () => {
  it('empties what is quoted, and leaves a quote that does not close', () => {
    const escaped = `'${"\\'".repeat(50_000)}`;
    for (const [line, code] of [
      [`say('a \\' b', "c 'd'") + "" + ''`, `say('', "") + "" + ''`],
      [`it's "here" isn't it`, `it''t it`],
      [`don't say "sys.exit(0)"; sys.exit(0)`, `don't say ""; sys.exit(0)`],
      [`\\'a' 'b\\'c "d\\"e 'f`, `\\'' ''f`],
      [`'a\\\n'b' "c\n"d"`, `'a\\\n'' "c\n""`],
      [escaped, escaped],
      [`${escaped}""`, `${escaped}""`],
    ] as const)
      assert.equal(codeOf('test_a.py', line), code);
  });

  it('is not led astray by strings, comments, regular expressions and calls of other names', () => {
    const source = readTestSource(
      'test/a.test.js',
      `// it('in a comment')
const url = 'http://x'; it('has // no comment', () => { assert.match(url, /\\/\\/[/]x/); });
/x/.test('y'); git('status'); submit('z'); const half = a / b; it("second /* one */", () => expect(half).toBe(2));
test.each([[1]])('each %i', (n) => { assert(n); });`,
    );
    assert.deepEqual(
      source.tests.map((test) => [test.title, test.line]),
      [
        ['has // no comment', 2],
        ['second /* one */', 3],
        ['', 4],
      ],
    );
    assert.deepEqual([source.assertions, source.disabled, source.constant], [3, [], []]);
  });

  it('knows Python, Go and Rust', () => {
    const python = readTestSource(
      'test_a.py',
      'def test_a():\n    assert f() == 1\n# def test_b():\n@pytest.mark.skip\n',
    );
    assert.deepEqual([python.tests.length, python.assertions, python.disabled], [1, 1, [4]]);
    const go = readTestSource('a_test.go', 'func TestA(t *testing.T) {\n\tt.Skip("x")\n\tt.Errorf("y")\n}\n');
    assert.deepEqual([go.tests[0]?.title, go.assertions, go.disabled], ['TestA', 1, [2]]);
    const rust = readTestSource('tests/a.rs', "#[test]\n#[ignore]\nfn a<'x>() { assert!(true); }\n");
    assert.deepEqual([rust.tests.length, rust.disabled, rust.constant], [1, [2], [3]]);
  });
});

describe('the reading of check commands', () => {
  it('tells lines that cannot fail from those that can', () => {
    const never = [
      'true',
      'exit 0',
      'echo ok',
      'mocha || true',
      'mocha; exit 0',
      'mocha | tee log',
      'mocha &',
      ':',
      '',
    ];
    const hidden = ['true # mocha', 'exit 0; mocha', 'exit; mocha'];
    for (const line of [
      ...never,
      ...hidden,
      'echo a && exit 0',
      'node -e "process.exit(0)"',
      'npm test || (echo failed)',
    ]) {
      assert.ok(cannotFail(line), line);
    }
    const may = ['node --test', 'echo start && mocha', 'mocha && echo ok', 'exit 1', "node -e 'process.exit(1)'"];
    for (const line of [
      ...may,
      'node --test --test-name-pattern "a || true"',
      'cat x | node check.js',
      'mocha # || true',
      'mocha --grep "a # b"',
      'exit 1; true && mocha',
      'false || mocha',
    ]) {
      assert.ok(!cannotFail(line), line);
    }
  });

  it('finds the scripts that checks name, and those that package scripts call', () => {
    assert.deepEqual(
      [...namedScripts([check('node --check a.js; sh ./b.sh'), check('./c.sh x.js')])],
      ['a.js', 'b.sh', 'c.sh'],
    );
    assert.deepEqual(
      [...namedScripts([check('cd web && node ./check.js x.txt'), check('mocha --require=./a.mjs -r b.cjs spec.js')])],
      ['web/check.js', 'a.mjs', 'b.cjs'],
    );
    for (const line of ['npm --prefix web run a', 'npm -w web run a', 'yarn workspace web a', 'pnpm --filter=web a']) {
      assert.deepEqual(packageScriptsOf([check(line)], { a: 'x', web: 'y', workspace: 'z' }), ['a'], line);
    }
    const scripts = { test: 'npm run unit -- --bail', unit: 'mocha', posttest: 'yarn lint', lint: 'x', other: 'y' };
    assert.deepEqual(packageScriptsOf(npmTest, scripts), ['test', 'unit', 'posttest', 'lint']);
    assert.deepEqual(packageScriptsOf([check('npm run -s unit'), check('pnpm t')], { unit: 'a', test: 'b' }), [
      'unit',
      'test',
    ]);
  });
});
