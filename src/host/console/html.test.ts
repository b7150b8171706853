import assert from 'node:assert/strict';
import { consoleHtml } from './html.ts';

const html = (texts: Record<string, string> = {}, styles = 'body { color: red }') =>
  consoleHtml({
    title: 'Orchestrator "x" <b>',
    language: 'de',
    scriptUri: 'https://files/console.js',
    styles,
    cspSource: "'self' https://files",
    nonce: 'abc',
    texts,
    loadingText: 'Loading',
    tabs: [
      { label: 'New <task>', isSelected: true },
      { label: 'Plan', isSelected: false },
    ],
  });

describe('the document of the console', () => {
  it('allows one script and its own styles by their nonce, and nothing else', () => {
    const csp = /Content-Security-Policy" content="([^"]*)"/.exec(html())?.[1] ?? '';
    assert.match(csp, /^default-src 'none'; script-src 'nonce-abc'; style-src 'nonce-abc';/);
    assert.doesNotMatch(csp, /unsafe/);
  });

  it('has no code of its own but the import of its script, which does not hold up the load of the page', () => {
    const code = /<script type="module" nonce="abc">import\("https:\/\/files\/console\.js"\)<\/script>/;
    assert.match(html(), code);
    assert.doesNotMatch(html().replace(code, ''), /<script(?![^>]*application\/json)|\son\w+=|style=|<link/);
  });

  it('is not left by a translation that holds markup', () => {
    const texts = { Run: '</script><script>alert(1)</script>' };
    const found = html(texts);
    assert.equal(found.split('<script').length - 1, 2);
    const json = /id="texts">(.*?)<\/script>/s.exec(found)?.[1] ?? '';
    assert.deepEqual(JSON.parse(json), texts);
  });

  it('has its styles in it, which are not left by what looks like an end of them', () => {
    assert.match(html(), /<style nonce="abc">body \{ color: red \}<\/style>/);
    const styles = 'a::after { content: "</style><b>" }';
    assert.equal(html({}, styles).split('</style>').length - 1, 1);
  });

  it('shows its tabs in words and an outline of the rest before the script has run', () => {
    assert.match(html(), /<div class="tab selected">New &lt;task&gt;<\/div><div class="tab">Plan<\/div>/);
    assert.match(html(), /<div id="root"><div class="skeleton" role="status" aria-label="Loading">/);
  });
});
