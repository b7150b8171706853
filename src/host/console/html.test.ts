import assert from 'node:assert/strict';
import { consoleHtml } from './html.ts';

const html = (texts: Record<string, string> = {}) =>
  consoleHtml({
    title: 'Orchestrator "x" <b>',
    language: 'de',
    scriptUri: 'https://files/console.js',
    styleUri: 'https://files/console.css',
    cspSource: "'self' https://files",
    nonce: 'abc',
    texts,
    loadingText: 'Loading',
  });

describe('the document of the console', () => {
  it('allows one script by its nonce, styles of the extension, and nothing else', () => {
    const csp = /Content-Security-Policy" content="([^"]*)"/.exec(html())?.[1] ?? '';
    assert.match(csp, /^default-src 'none'; script-src 'nonce-abc'; style-src 'self' https:\/\/files;/);
    assert.doesNotMatch(csp, /unsafe/);
  });

  it('has no code of its own', () => {
    assert.doesNotMatch(html(), /<script(?![^>]*(src=|application\/json))|\son\w+=|style=/);
  });

  it('is not left by a translation that holds markup', () => {
    const texts = { Run: '</script><script>alert(1)</script>' };
    const found = html(texts);
    assert.equal(found.split('<script').length - 1, 2);
    const json = /id="texts">(.*?)<\/script>/s.exec(found)?.[1] ?? '';
    assert.deepEqual(JSON.parse(json), texts);
  });

  it('shows an outline before the script has run', () => {
    assert.match(html(), /<div id="root"><div class="skeleton" role="status" aria-label="Loading">/);
  });
});
