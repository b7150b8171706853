import assert from 'node:assert/strict';
import { recognise } from './recognise.ts';

describe('a remote URL', () => {
  const github = 'https://api.github.com';

  it('is recognised in all forms of its server', () => {
    for (const url of [
      'https://github.com/o/n.git',
      'https://github.com/o/n',
      'git@github.com:o/n.git',
      'ssh://git@github.com/o/n',
    ]) {
      assert.deepEqual(recognise(github, url), { owner: 'o', name: 'n' }, url);
    }
    assert.deepEqual(recognise('https://git.example.com/api/v3', 'git@git.example.com:o/n'), { owner: 'o', name: 'n' });
    assert.deepEqual(recognise('http://127.0.0.1:81/api/v3', 'http://127.0.0.1:81/o/n.git'), { owner: 'o', name: 'n' });
  });

  it('of another server, or of another form, is not', () => {
    for (const url of [
      'https://gitlab.com/o/n',
      '/srv/git/n.git',
      'https://github.com/o',
      'https://github.com.evil.org/o/n',
      '',
    ]) {
      assert.equal(recognise(github, url), null, url);
    }
    assert.equal(recognise('http://127.0.0.1:81/api/v3', 'http://127.0.0.1:82/o/n.git'), null);
  });
});
