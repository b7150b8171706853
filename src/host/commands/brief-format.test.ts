import assert from 'node:assert/strict';
import { briefFormatOf } from './brief-format.ts';

describe('the format of a brief', () => {
  it('is told by the end of the name, in either case', () => {
    assert.equal(briefFormatOf('brief.yaml'), 'yaml');
    assert.equal(briefFormatOf('shop.brief.YML'), 'yaml');
    assert.equal(briefFormatOf('brief.json'), 'json');
    assert.equal(briefFormatOf('BRIEF.md'), 'markdown');
  });

  it('is none for any other file', () => {
    for (const name of ['brief', 'brief.ts', 'yaml', '.yaml.png', 'constructor', 'a.constructor']) {
      assert.equal(briefFormatOf(name), null, name);
    }
  });
});
