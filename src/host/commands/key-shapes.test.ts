import assert from 'node:assert/strict';
import { SecretName } from '../../protocol/service.ts';
import { keyProblem, usualBeginnings } from './key-shapes.ts';

describe('the shape of a key', () => {
  it('is right for keys as the vendors give them out, with spaces around them', () => {
    for (const name of SecretName.options) {
      for (const beginning of usualBeginnings(name).split(', ')) {
        assert.equal(keyProblem(name, ` ${beginning}0123456789 `), null, beginning);
      }
    }
  });

  it('is wrong for nothing, for several words, and for what no header can carry', () => {
    assert.equal(keyProblem('XAI_API_KEY', '  '), 'empty');
    assert.equal(keyProblem('XAI_API_KEY', 'xai-123 456789'), 'not_a_key');
    assert.equal(keyProblem('XAI_API_KEY', 'xai-12345\n6789'), 'not_a_key');
    assert.equal(keyProblem('XAI_API_KEY', 'xai-‘1234567’'), 'not_a_key');
    assert.equal(keyProblem('XAI_API_KEY', 'xai-12'), 'short');
  });

  it('is only unusual with another beginning, as of a gateway or of another vendor', () => {
    assert.equal(keyProblem('ANTHROPIC_API_KEY', 'gateway-0123456789'), 'unusual');
    assert.equal(keyProblem('XAI_API_KEY', 'sk-ant-0123456789'), 'unusual');
  });
});
