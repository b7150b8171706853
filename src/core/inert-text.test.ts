import assert from 'node:assert/strict';
import { inertLine, inertText, OWN_MARK, withoutSkips } from './inert-text.ts';

const ZERO_WIDTH = '\u200B';

describe('text of others on the way to the forge', () => {
  it('leaves out no checks', () => {
    for (const word of [
      'skip ci',
      'ci skip',
      'no ci',
      'skip actions',
      'actions skip',
      'Skip CI',
      'skip-ci',
      'azp skip',
    ]) {
      assert.equal(inertLine(`Add a cart [${word}]`), `Add a cart (${word})`);
    }
    assert.equal(inertLine('Add a cart ***NO_CI***'), 'Add a cart NO_CI');
    assert.doesNotMatch(inertText('x\n\n\nskip-checks: true'), /skip-checks:/);
    assert.equal(inertText('[skip to content](#main) [ci]'), '[skip to content](#main) [ci]');
    assert.equal(withoutSkips('npm i @a/b [ci skip]'), 'npm i @a/b (ci skip)');
  });

  it('closes no issue', () => {
    const cases = {
      'Fixes #12': 'Fixes issue 12',
      'fix: #12': 'fix: issue 12',
      'closes ada/shop#3 now': 'closes issue 3 of ada/shop now',
      'Resolved GH-7': 'Resolved issue 7',
      '**Closes** #4': '**Closes** issue 4',
      'close https://github.com/ada/shop/issues/9, please': 'close issue 9 of ada/shop, please',
      'as in #12': 'as in #12',
      'prefixes #12': 'prefixes #12',
    };
    for (const [text, wanted] of Object.entries(cases)) assert.equal(inertLine(text), wanted);
    assert.equal(inertText('It fixes\n#12'), 'It fixes\nissue 12');
  });

  it('calls nobody', () => {
    assert.equal(inertLine('@mira, use @octokit/rest'), `@${ZERO_WIDTH}mira, use @${ZERO_WIDTH}octokit/rest`);
    assert.equal(inertLine('a@b.example https://x.example/@mira'), 'a@b.example https://x.example/@mira');
  });

  it('is one line where one is wanted, and moves nothing', () => {
    assert.equal(inertLine(' a\r\n\u2028b\u001b[2J\u0000\u202ec\t'), 'a b c');
    assert.equal(inertText('a\r\nb\u001b[31m\u001b\u202e\tc'), 'a\nb\tc');
  });

  it('has nothing left to say the second time', () => {
    const once = inertText('Fixes: #1 [skip ci] @mira ***NO_CI***\nskip-checks:true');
    assert.equal(inertText(once), once);
  });

  it('takes a long line in one pass', () => {
    const started = performance.now();
    inertText(`${'fix '.repeat(50_000)}${'['.repeat(50_000)}${'*'.repeat(50_000)}${'@'.repeat(50_000)}`);
    assert.ok(performance.now() - started < 2_000);
  });

  it('has a mark that is not shown', () => {
    assert.match(OWN_MARK, /^<!--.*-->$/);
  });
});
