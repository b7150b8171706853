import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Repository } from '../../src/core/ports.ts';
import { git, message, withRepository, work, write } from './repository-support.ts';

export function entriesContract(make: () => Repository): void {
  it('takes entries of another commit into one as they are there: bytes, mode, links, and nothing', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const picture = Buffer.from([0x89, 0x50, 0, 0xff, 0xfe, 13, 10]);
      const start = await work(fixture, 'start', (dir) => {
        writeFileSync(path.join(dir, 'picture.png'), picture);
        write(dir, 'run.sh', 'echo run\n');
        chmodSync(path.join(dir, 'run.sh'), 0o755);
        symlinkSync('readme.md', path.join(dir, 'link'));
        write(dir, 'folder/inside', 'x\n');
      });
      const files = [
        { path: 'picture.png', content: 'no picture\n' },
        { path: 'run.sh', content: null },
        { path: 'link', content: null },
        { path: 'gone.txt', content: null },
        { path: 'added.txt', content: 'added\n' },
        { path: 'folder', content: 'a file\n' },
      ];
      const changed = await repository.commitFiles(repoDir, start, files, message('changed'));
      const back = files.map((file) => ({ path: file.path, from: start }));
      const commit = await repository.commitFiles(repoDir, changed, back, message('back'));
      // A folder is no file: it does not come back, what is in it does when asked for.
      const inside = [{ path: 'folder/inside', from: start }];
      const whole = await repository.commitFiles(repoDir, commit, inside, message('inside'));
      assert.equal(git(repoDir, 'rev-parse', `${whole}^{tree}`), git(repoDir, 'rev-parse', `${start}^{tree}`));
      const many = Array.from({ length: 60 }, (_, at) => ({ path: `many/${at}`, from: start }));
      const again = await repository.commitFiles(repoDir, changed, [...back, ...many], message('back'));
      assert.equal(again, commit);
      const unknown = [{ path: 'picture.png', from: 'f'.repeat(base.length) }];
      await assert.rejects(repository.commitFiles(repoDir, changed, unknown, message('x')), { code: 'git_failed' });
      const bad = [{ path: '.git/config', from: start }];
      await assert.rejects(repository.commitFiles(repoDir, changed, bad, message('x')), { code: 'git_failed' });
    }));

  it('lists the files of a folder at a commit, and none of another', () =>
    withRepository(make, async (fixture) => {
      const { repository, repoDir, base } = fixture;
      const commit = await work(fixture, 'start', (dir) => {
        write(dir, 'a/b/one.txt', '1\n');
        write(dir, 'a/zwei ü.txt', '2\n');
        write(dir, 'ab/three.txt', '3\n');
      });
      assert.deepEqual(await repository.listFiles(repoDir, commit, 'a'), ['a/b/one.txt', 'a/zwei ü.txt']);
      assert.deepEqual(await repository.listFiles(repoDir, base, 'a'), []);
    }));
}
