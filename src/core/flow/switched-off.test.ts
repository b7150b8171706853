import assert from 'node:assert/strict';
import { guardTests } from './test-guard.ts';

const change = (path: string, before: string, after: string) => ({ path, from: null, before, after });
const found = (files: ReturnType<typeof change>[]) =>
  guardTests(files, []).map(({ id, line, severity }) => `${severity} ${id}:${line}`);

const TWO = `import assert from 'node:assert/strict';
import { add } from '../src/add.js';
it('adds', () => {
  assert.equal(add(1, 2), 3);
});
it('adds negatives', () => {
  assert.equal(add(1, -2), -1);
});
`;

describe('tests that do not run', () => {
  it('leaves a new test to the reviewer that is switched off in a file that was there', () => {
    const added = (test: string, where = `${TWO}${test}\n`) => found([change('test/add.test.js', TWO, where)]);
    const late = ['major host-weak-test/add.test.js:9'];
    for (const test of [
      "it.skip('adds nothing', () => {});",
      "it.todo('adds nothing');",
      "xit('adds nothing', () => {});",
      "test.fixme('adds nothing', () => {});",
      "it('adds nothing', { skip: true }, () => {});",
      "it('adds nothing', (t) => { t.skip('later'); });",
      "it.skip.each([[1, 2]])('adds %i and %i', (a, b) => {});",
      "describe.skip('big numbers', () => { it('adds', () => {}); it('adds more', () => {}); });",
      "describe('big numbers', () => { it.skip('adds more', () => { assert.equal(add(1), 1); }); });",
    ]) {
      assert.deepEqual(added(test), late, test);
    }
    const python = 'def test_a():\n    assert f() == 1\n';
    for (const mark of ['@pytest.mark.skip(reason="later")', '@unittest.skip("later")', '@pytest.mark.xfail']) {
      assert.deepEqual(found([change('test_a.py', python, `${python}\n${mark}\ndef test_b():\n    assert f()\n`)]), [
        'major host-weak-test_a.py:4',
      ]);
    }
    const inside = `${python}def test_b():\n    pytest.skip("later")\n`;
    assert.deepEqual(found([change('test_a.py', python, inside)]), ['major host-weak-test_a.py:4']);
    const go = 'func TestA(t *testing.T) {\n\tt.Errorf("x")\n}\n';
    assert.deepEqual(found([change('a_test.go', go, `${go}\nfunc TestB(t *testing.T) {\n\tt.Skip("x")\n}\n`)]), [
      'major host-weak-a_test.go:6',
    ]);
    const rust = '#[test]\nfn a() { assert_eq!(f(), 1); }\n';
    assert.deepEqual(found([change('tests/a.rs', rust, `${rust}#[test]\n#[ignore]\nfn b() {}\n`)]), [
      'major host-weak-tests/a.rs:4',
    ]);
    const java = 'class AddTest {\n  @Test\n  void adds() { assertEquals(3, add(1, 2)); }\n}\n';
    const disabled = java.replace(/}\n$/, '  @Disabled("later")\n  @Test\n  void more() {}\n}\n');
    assert.deepEqual(found([change('AddTest.java', java, disabled)]), ['major host-weak-AddTest.java:4']);
  });

  it('says of a test that ran before, and of no other, that it was switched off', () => {
    const off = (before: string, after: string, path = 'test/add.test.js') => found([change(path, before, after)]);
    const is = (line: number, path = 'test/add.test.js') => [`blocker host-disabled-${path}:${line}`];
    const was = TWO.replace("it('adds'", "it.skip('adds'");
    // One on, another off: as many as before.
    assert.deepEqual(off(was, TWO.replace("it('adds neg", "it.skip('adds neg")), is(6));
    assert.deepEqual(off(was, TWO), []);
    assert.deepEqual(off(TWO, `describe.skip('all', () => {\n${TWO}});\n`), is(1));
    assert.deepEqual(off(TWO, `describe('all', { skip: true }, () => {\n${TWO}});\n`), is(1));
    assert.deepEqual(off(TWO, `describe('all', () => {\n  before(function () { this.skip(); });\n${TWO}});\n`), is(2));
    // It singles out: what was there does not run, wherever the mark is.
    assert.deepEqual(off(TWO, `${TWO}it.only('more', () => { assert.equal(add(1), 1); });\n`), is(9));
    assert.deepEqual(off(TWO, `beforeEach(function () { this.skip(); });\n${TWO}`), is(1));
    const dynamic =
      'for (const n of [1, 2]) it(`adds ` + n, () => { assert.equal(add(n), n); });\nit(name, () => {});\n';
    assert.deepEqual(off(dynamic, dynamic.replace('it(`', 'it.skip(`')), is(1));
    const playwright =
      "test.describe('page', () => {\n  test('opens', async () => {\n    expect(await open()).toBe(1);\n  });\n});\n";
    const inBody = playwright.replace('    expect', "    test.skip(isSlow, 'slow');\n    expect");
    assert.deepEqual(off(playwright, inBody, 'e2e/a.spec.ts'), is(3, 'e2e/a.spec.ts'));
    const inSuite = playwright.replace("  test('opens", "  test.skip(isSlow, 'slow');\n  test('opens");
    assert.deepEqual(off(playwright, inSuite, 'e2e/a.spec.ts'), is(2, 'e2e/a.spec.ts'));
    const inHook = playwright.replace("  test('opens", "  test.beforeEach(() => { test.skip(true); });\n  test('opens");
    assert.deepEqual(off(playwright, inHook, 'e2e/a.spec.ts'), is(2, 'e2e/a.spec.ts'));
    const python = 'class TestA:\n    def test_a(self):\n        assert f() == 1\n';
    assert.deepEqual(off(python, `@unittest.skip("x")\n${python}`, 'test_a.py'), is(1, 'test_a.py'));
    assert.deepEqual(
      off(python, python.replace('assert f() == 1', 'self.skipTest("x")'), 'test_a.py'),
      is(3, 'test_a.py'),
    );
    assert.deepEqual(
      off(python, `pytest.skip("x", allow_module_level=True)\n${python}`, 'test_a.py'),
      is(1, 'test_a.py'),
    );
    const java =
      'class AddTest {\n  @Test\n  void adds() { assertEquals(3, add(1, 2)); }\n  @Test\n  void more() {}\n}\n';
    assert.deepEqual(off(java, `@Disabled\n${java}`, 'AddTest.java'), is(1, 'AddTest.java'));
    const one = java.replace('  @Test\n  void more', '  @Disabled\n  @Test\n  void more');
    assert.deepEqual(off(java, one, 'AddTest.java'), is(4, 'AddTest.java'));
    const rust = '#[test]\nfn a() { assert!(f()); }\n#[test]\nfn b() {}\n';
    assert.deepEqual(
      off(rust, rust.replace('#[test]\nfn b', '#[test]\n#[ignore]\nfn b'), 'tests/a.rs'),
      is(4, 'tests/a.rs'),
    );
  });

  it('sees what else was done to a file beside a new test that is switched off', () => {
    const less = `${TWO.slice(0, TWO.indexOf("it('adds neg"))}it.skip('more', () => {});\n`;
    assert.deepEqual(found([change('test/add.test.js', TWO, less)]), ['blocker host-removed-test/add.test.js:0']);
    const fewer = `${TWO.replace('  assert.equal(add(1, -2), -1);\n', '')}it.skip('more', () => {});\n`;
    assert.deepEqual(found([change('test/add.test.js', TWO, fewer)]), [
      'major host-weak-test/add.test.js:8',
      'major host-fewer-test/add.test.js:0',
    ]);
  });

  it('says of a test that ran before that it was switched off, although an empty namesake runs in its place', () => {
    const is = (line: number, path = 'test/add.test.js') => [`blocker host-disabled-${path}:${line}`];
    const test = "it('adds', () => {\n  assert.equal(add(1, 2), 3);\n});\n";
    const skipped = test.replace('it(', 'it.skip(');
    assert.deepEqual(found([change('test/add.test.js', test, `${skipped}it('adds', () => {});\n`)]), is(1));
    assert.deepEqual(
      found([change('test/add.test.js', test, `it('adds', () => {});\n${skipped.replaceAll("'adds'", '`adds`')}`)]),
      is(2),
    );
    const suite = `describe('sums', () => {\n${test}});\n`;
    const twins = `${suite.replace('describe(', 'describe.skip(')}describe('sums', () => {\n  it('adds', () => {});\n});\n`;
    assert.deepEqual(found([change('test/add.test.js', suite, twins)]), is(1));
    const python = 'def test_adds():\n    assert add(1, 2) == 3\n';
    const second = `@pytest.mark.skip\n${python}\ndef test_adds():\n    pass\n`;
    assert.deepEqual(found([change('test_a.py', python, second)]), is(1, 'test_a.py'));
    // One that did not run before stays the reviewer's.
    assert.deepEqual(found([change('test/add.test.js', skipped, `${skipped}${skipped}`)]), [
      'major host-weak-test/add.test.js:4',
    ]);
    const other = `${suite}describe('products', () => {\n  it.skip('adds', () => {});\n});\n`;
    assert.deepEqual(found([change('test/add.test.js', suite, other)]), ['major host-weak-test/add.test.js:7']);
  });

  it('takes a new test that is switched off for one that ran when such a one is gone from the file', () => {
    const renamed = `${TWO.replace("it('adds neg", "it.skip('sums neg")}it('loads', () => {});\n`;
    const file = change('test/add.test.js', TWO, renamed);
    assert.deepEqual(found([file]), ['blocker host-disabled-test/add.test.js:6']);
    assert.match(guardTests([file], [])[0]?.message ?? '', /"adds negatives"/);
    assert.deepEqual(
      guardTests([file], [], undefined, ['test/add.test.js']).map(({ id, severity }) => `${severity} ${id}`),
      ['major host-weak-test/add.test.js'],
    );
  });
});
