import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createUserNames } from './user-name.ts';

describe('the name of who works in a folder', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'user-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is the configured one, else that of git there, else that of the account', async () => {
    execFileSync('git', ['init', '-q', dir]);
    execFileSync('git', ['-C', dir, 'config', 'user.name', 'Ada Lovelace']);
    assert.equal(await createUserNames('Grace')(dir), 'Grace');
    assert.equal(await createUserNames(null)(dir), 'Ada Lovelace');
    assert.equal(await createUserNames(null)(join(dir, 'gone')), userInfo().username);
  });
});
