import assert from 'node:assert/strict';
import { presentPackages } from './present-packages.ts';

const project = (files: Record<string, string>) => presentPackages(async (path) => files[path] ?? null);

describe('packages that a project already has', () => {
  it('are read from the lock file, scoped and nested ones too, and from the manifest', async () => {
    const version = '1.0.0';
    const packages = { '': {}, 'node_modules/a': { version }, 'node_modules/a/node_modules/@s/b': { version } };
    const names = await project({
      'package-lock.json': JSON.stringify({ packages }),
      'package.json': JSON.stringify({ dependencies: { c: '1' }, devDependencies: { d: '*' } }),
    });
    assert.deepEqual([...names].sort(), ['@s/b', 'a', 'c', 'd']);
  });

  it('are none when the files are missing or broken', async () => {
    assert.equal((await project({ 'package.json': '{nope', 'package-lock.json': '[]' })).size, 0);
  });
});
