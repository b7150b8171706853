import assert from 'node:assert/strict';
import { plain, plainLine } from './plain.ts';

describe('text that is nothing but text', () => {
  it('has no link that a message would make clickable', () => {
    assert.equal(plain('see [here](command:workbench.action.quit)'), 'see [here] (command:workbench.action.quit)');
  });

  it('has no picture that a label would draw', () => {
    assert.equal(plain('$(check) all passed'), '$ (check) all passed');
  });

  it('is one line with an end, where there is room for one', () => {
    assert.equal(plainLine('a\n  b\tc '), 'a b c');
    assert.equal(plainLine('x'.repeat(200), 10), `${'x'.repeat(9)}…`);
  });
});
