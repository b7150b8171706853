import assert from 'node:assert/strict';
import { readIssueRef } from './issue-ref.ts';

describe('an issue that a person typed', () => {
  it('is a repository with a number, a number alone, or a web address', () => {
    assert.equal(readIssueRef(' acme/shop#12 '), 'acme/shop#12');
    assert.equal(readIssueRef('#12'), '#12');
    assert.equal(readIssueRef('12'), '#12');
    const address = 'https://github.com/acme/shop/issues/12';
    assert.equal(readIssueRef(address), address);
    assert.equal(readIssueRef(`${address}#issuecomment-7`), address);
    assert.equal(
      readIssueRef('http://127.0.0.1:4100/acme/shop/issues/12'),
      'http://127.0.0.1:4100/acme/shop/issues/12',
    );
  });

  it('is nothing else', () => {
    for (const text of [
      '',
      'shop',
      'acme/shop',
      'acme/shop#',
      'a/b/c#1',
      'https://github.com/acme/shop/pull/12',
      '#x',
    ]) {
      assert.equal(readIssueRef(text), null, text);
    }
  });
});
