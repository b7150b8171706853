import assert from 'node:assert/strict';
import { lockedPackages } from './locked-packages.ts';

describe('packages that a project already has', () => {
  it('are read from the lock file, scoped and nested ones too, and from the manifest', () => {
    const lock = { packages: { '': {}, 'node_modules/a': {}, 'node_modules/a/node_modules/@s/b': {} } };
    const manifest = { dependencies: { c: '1' }, devDependencies: { d: '*' } };
    const names = lockedPackages(JSON.stringify(lock), JSON.stringify(manifest));
    assert.deepEqual([...names].sort(), ['@s/b', 'a', 'c', 'd']);
  });

  it('are none when the files are missing or broken', () => {
    assert.equal(lockedPackages(null, '{nope').size, 0);
  });
});
