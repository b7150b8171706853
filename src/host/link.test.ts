import assert from 'node:assert/strict';
import { readLink } from './link.ts';

describe('a link into the editor', () => {
  it('names a run, the form, or the sample', () => {
    assert.deepEqual(readLink('/run/harbour-cafe-k3x9'), { kind: 'run', runId: 'harbour-cafe-k3x9' });
    assert.deepEqual(readLink('/new'), { kind: 'new' });
    assert.deepEqual(readLink('/sample/'), { kind: 'sample' });
  });

  it('is unknown with anything else in it', () => {
    const others = [
      '',
      '/',
      '/run',
      '/run/',
      '/run/a/b',
      '/run/..',
      '/run/a b',
      '/run/%2e',
      '/delete/a',
      '/new/now',
      '/NEW',
    ];
    for (const path of others) assert.deepEqual(readLink(path), { kind: 'unknown' }, path);
  });
});
