import assert from 'node:assert/strict';
import { isLockFile, lockedPackages } from './lock-files.ts';
import { missingChanges } from './preserved.ts';

const npm = (packages: Record<string, string>) =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: Object.fromEntries([
      ['', { name: 'app', version: '1.0.0' }],
      ...Object.entries(packages).map(([name, version]) => [`node_modules/${name}`, { version }]),
    ]),
  });
const LOCK = 'app/package-lock.json';

describe('a lock file in a merge', () => {
  const sides = {
    base: npm({ a: '1.0.0' }),
    ours: npm({ a: '1.0.0', b: '2.0.0' }),
    theirs: npm({ a: '1.0.0', '@x/c': '3.0.0' }),
  };

  it('must hold every package that either side added, in any layout', () => {
    const both = JSON.stringify(JSON.parse(npm({ '@x/c': '3.0.0', b: '2.0.0', a: '1.0.0' })), null, 2);
    assert.deepEqual(missingChanges(LOCK, { ...sides, merged: both }), []);
    assert.deepEqual(missingChanges(LOCK, { ...sides, merged: sides.ours }), [
      'app/package-lock.json lost what this subtask added: @x/c@3.0.0.',
    ]);
  });

  it('may hold either version where both sides chose another one, and no third', () => {
    const bumped = { base: npm({ a: '1.0.0' }), ours: npm({ a: '1.1.0' }), theirs: npm({ a: '1.2.0' }) };
    assert.deepEqual(missingChanges(LOCK, { ...bumped, merged: npm({ a: '1.2.0' }) }), []);
    assert.equal(missingChanges(LOCK, { ...bumped, merged: npm({ a: '1.0.0' }) }).length, 2);
  });

  it('must be whole', () => {
    assert.match(missingChanges(LOCK, { ...sides, merged: '{"packages":' })[0] ?? '', /cannot be read/);
    assert.match(missingChanges(LOCK, { ...sides, merged: '<<<<<<< a\n{}\n' })[0] ?? '', /conflict markers/);
  });

  it('is read in the forms of other package managers', () => {
    const read = (path: string, text: string) =>
      [...(lockedPackages(path, text) ?? [])].map(([name, versions]) => `${name}@${[...versions].join()}`);
    assert.deepEqual(
      read('yarn.lock', '"@x/a@^1.0.0", "@x/a@^1.1.0":\n  version "1.1.0"\n\nb@^2:\n  version "2.0.0"\n'),
      ['@x/a@1.1.0', 'b@2.0.0'],
    );
    assert.deepEqual(read('pnpm-lock.yaml', "packages:\n  '@x/a@1.1.0':\n    r: 1\n  b@2.0.0(c@1.0.0):\n"), [
      '@x/a@1.1.0',
      'b@2.0.0',
    ]);
    assert.deepEqual(read('Cargo.lock', '[[package]]\nname = "a"\nversion = "1.1.0"\n'), ['a@1.1.0']);
    assert.deepEqual(read('go.sum', 'm.test/a v1.0.0 h1:x=\nm.test/a v1.0.0/go.mod h1:y=\n'), ['m.test/a@v1.0.0']);
    assert.deepEqual(read(LOCK, ''), []);
    assert.ok(!isLockFile('package.json'));
  });
});
