import assert from 'node:assert/strict';
import { readdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../../test/contracts/deployer-support.ts';
import { AppError } from '../../protocol/errors.ts';
import { unpackTarGz } from '../../sandbox/appwrite/compute/archive.ts';
import { packFolder, packSource } from './pack.ts';

const LONG = `deep/${'x'.repeat(60)}/${'y'.repeat(60)}/naïve.txt`;

describe('packFolder', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder({
      'main.js': 'export default 1;\n',
      [LONG]: 'long path',
      'node_modules/a/index.js': 'no',
      '.git/HEAD': 'no',
      'sub/node_modules/b.js': 'no',
    });
  });
  afterEach(() => folder.remove());

  it('puts the files at the root, without node_modules and .git', async () => {
    const target = await makeFolder({ 'in.tar.gz': await packFolder(folder.dir) });
    try {
      await unpackTarGz(join(target.dir, 'in.tar.gz'), join(target.dir, 'out'));
      assert.deepEqual((await readdir(join(target.dir, 'out'))).sort(), ['deep', 'main.js']);
      assert.equal(await readFile(join(target.dir, 'out', LONG), 'utf8'), 'long path');
    } finally {
      await target.remove();
    }
  });

  it('gives the same bytes for the same content, whatever the times', async () => {
    const first = await packSource(folder.dir);
    await utimes(join(folder.dir, 'main.js'), 1, 1);
    assert.deepEqual(await packSource(folder.dir), first);
    await writeFile(join(folder.dir, 'main.js'), 'export default 2;\n');
    const changed = await packSource(folder.dir);
    assert.ok(!changed.archive.equals(first.archive) && changed.digest !== first.digest);
  });

  const failsWith = (text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'deployment_failed');
    assert.match(error.userMessage, text);
    return true;
  };

  it('refuses a link that leaves the folder', async () => {
    await symlink('../outside', join(folder.dir, 'link'));
    await assert.rejects(packFolder(folder.dir), failsWith(/link is a link/));
  });

  it('says so when there is nothing to pack or no folder', async () => {
    const empty = await makeFolder({});
    await assert.rejects(packFolder(empty.dir), failsWith(/holds no files/));
    await empty.remove();
    await assert.rejects(packFolder(empty.dir), failsWith(/cannot be read/));
  });
});
