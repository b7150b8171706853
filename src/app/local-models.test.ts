import assert from 'node:assert/strict';
import type { LeadRequest } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';
import { ofLocalCloud } from './local-models.ts';

describe('a model of the local cloud', () => {
  const failing = (error: AppError) =>
    ofLocalCloud.lead({ ask: () => Promise.reject(error) }).ask({} as LeadRequest, new AbortController().signal);

  it('says that the cloud is stopped when it is not reached, and stays a failure that can be tried again', async () => {
    const error = new AppError({ code: 'transport', message: 'ECONNREFUSED', details: { charged: 'no' } });
    await assert.rejects(failing(error), (thrown: unknown) => {
      assert.ok(thrown instanceof AppError);
      assert.match(thrown.userMessage, /local cloud does not answer.*local start/);
      assert.deepEqual([thrown.code, thrown.retry, thrown.details], ['transport', true, { charged: 'no' }]);
      return true;
    });
  });

  it('leaves every other failure as it is', async () => {
    const error = new AppError({ code: 'no_recording', message: 'none' });
    await assert.rejects(failing(error), (thrown) => thrown === error);
  });
});
