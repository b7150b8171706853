import assert from 'node:assert/strict';
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeFolder } from '../../../../test/contracts/deployer-support.ts';
import { ArchiveError, unpackTarGz } from './archive.ts';

function entry(path: string, content: string, type = '0', linkTarget = ''): Buffer {
  const data = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write(`${data.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkTarget, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

describe('unpackTarGz', () => {
  let folder: Awaited<ReturnType<typeof makeFolder>>;
  beforeEach(async () => {
    folder = await makeFolder({});
  });
  afterEach(() => folder.remove());

  const unpack = async (...entries: Buffer[]) => {
    const archive = join(folder.dir, 'code.tar.gz');
    await writeFile(archive, gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)])));
    return unpackTarGz(archive, join(folder.dir, 'out', 'inner'));
  };

  it('writes files, folders and links that stay inside', async () => {
    const size = await unpack(entry('a/b.txt', 'hello'), entry('empty/', '', '5'), entry('link', '', '2', 'a/b.txt'));
    assert.equal(size, 5);
    assert.equal(await readFile(join(folder.dir, 'out/inner/a/b.txt'), 'utf8'), 'hello');
    assert.equal(await readlink(join(folder.dir, 'out/inner/link')), 'a/b.txt');
  });

  const attacks: Record<string, Buffer[]> = {
    'a path with ..': [entry('../evil.txt', 'x')],
    'an absolute path': [entry('/evil.txt', 'x')],
    'a link to the parent': [entry('up', '', '2', '..')],
    'an absolute link': [entry('up', '', '2', '/')],
    'a link that leaves through another link': [
      entry('d/', '', '5'),
      entry('d/here', '', '2', '..'),
      entry('out', '', '2', 'd/here/x/../..'),
    ],
    'a hard link': [entry('hard', '', '1', 'a')],
    'a device': [entry('dev', '', '3')],
  };
  for (const [name, entries] of Object.entries(attacks)) {
    it(`refuses ${name}`, () => assert.rejects(unpack(...entries), ArchiveError));
  }

  it('refuses what is not an archive', async () => {
    const archive = join(folder.dir, 'code.tar.gz');
    await writeFile(archive, 'plain text');
    await assert.rejects(unpackTarGz(archive, join(folder.dir, 'out')), ArchiveError);
    await writeFile(archive, gzipSync(Buffer.alloc(2048, 7)));
    await assert.rejects(unpackTarGz(archive, join(folder.dir, 'out')), ArchiveError);
  });
});
