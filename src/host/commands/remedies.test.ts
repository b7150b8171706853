import assert from 'node:assert/strict';
import { ErrorCode } from '../../protocol/errors.ts';
import { remediesFor } from './remedies.ts';

describe('the remedies of an error', () => {
  it('lead to the keys, the settings or the local cloud when something is not configured', () => {
    assert.deepEqual(remediesFor('configuration'), ['set_keys', 'open_settings', 'use_local_cloud']);
  });

  it('lead to the keys when a vendor refuses one, and to the doctor when a folder cannot be worked in', () => {
    assert.deepEqual(remediesFor('auth'), ['set_keys']);
    assert.deepEqual(remediesFor('workspace_unusable'), ['doctor']);
  });

  it('are never none', () => {
    for (const code of ErrorCode.options) assert.notEqual(remediesFor(code).length, 0, code);
  });
});
