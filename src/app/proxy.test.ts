import assert from 'node:assert/strict';
import { AppError } from '../protocol/errors.ts';
import { useProxy } from './proxy.ts';

describe('an address of a proxy that is none', () => {
  const shownFor = async (value: string): Promise<string> => {
    const thrown = await useProxy({ HTTPS_PROXY: value }).then(
      () => null,
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof AppError && thrown.code === 'configuration', String(thrown));
    return `${thrown.message}\n${thrown.userMessage}`;
  };

  it('is named without the password in it', async () => {
    const addresses = ['http://mira:a/s3cret@proxy.example:3128', 'socks5://mira:s3c@s3cret@proxy.example'];
    for (const address of addresses) {
      const shown = await shownFor(address);
      assert.doesNotMatch(shown, /s3c/, address);
      assert.match(shown, /HTTPS_PROXY is "/);
    }
    assert.match(await shownFor('socks5://proxy.example'), /proxy\.example/);
  });
});
