import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { WEEK } from '../site/js/hours.js';

const site = new URL('../site/', import.meta.url);
const html = readFileSync(new URL('index.html', site), 'utf8');
const css = readFileSync(new URL('styles.css', site), 'utf8');
const all = (pattern, text = html) => [...text.matchAll(pattern)].map((match) => match[1]);

test('the page names its language and has a title, a description and one main heading', () => {
  assert.match(html, /<html lang="en">/);
  assert.match(html, /<title>Harbour Cafe[^<]*<\/title>/);
  assert.match(html, /<meta name="description" content="[^"]{50,160}">/);
  assert.deepEqual(all(/<h1>([^<]*)<\/h1>/g), ['Harbour Cafe']);
});

test('the page shows the menu with prices, the address and ways to get in touch', () => {
  const prices = all(/<dd>(€\d+\.\d{2})<\/dd>/g);
  assert.equal(prices.length, all(/<dt>([^<]+)<\/dt>/g).length);
  assert.ok(prices.length >= 6);
  assert.match(html, /<address>/);
  assert.match(html, /href="tel:\+\d+"/);
  assert.match(html, /href="mailto:[^"@]+@[^"@]+"/);
});

test('the table of opening hours says what the "open now" rule uses', () => {
  const days = all(/<th scope="row">([^<]+)<\/th>/g);
  const hours = all(/<th scope="row">[^<]+<\/th><td>([^<]+)<\/td>/g);
  assert.deepEqual(days, WEEK.map((entry) => entry.day));
  assert.deepEqual(
    hours,
    WEEK.map((entry) => (entry.hours === null ? 'closed' : `${entry.hours.from} – ${entry.hours.to}`)),
  );
});

test('every link within the page leads somewhere and every label exists', () => {
  const ids = new Set(all(/ id="([^"]+)"/g));
  for (const target of all(/href="#([^"]+)"/g)) assert.ok(ids.has(target), `#${target}`);
  for (const label of all(/aria-labelledby="([^"]+)"/g)) assert.ok(ids.has(label), label);
});

test('every file the page asks for exists and comes from the same server', () => {
  const files = [...all(/<link [^>]*href="([^"]+)"/g), ...all(/<script [^>]*src="([^"]+)"/g)];
  assert.ok(files.length >= 3);
  for (const file of files) {
    assert.doesNotMatch(file, /^(https?:)?\/\//);
    assert.ok(existsSync(new URL(file, site)), file);
  }
  assert.doesNotMatch(css, /url\(|@import/);
});

test('keyboard and screen reader users get a skip link, a live status and visible focus', () => {
  assert.match(html, /<a class="skip" href="#main">/);
  assert.match(html, /id="status"[^>]*role="status"/);
  assert.match(css, /:focus-visible/);
});

test('text and background contrast well enough for body text', () => {
  const color = (name) => css.match(new RegExp(`--${name}: #([0-9a-f]{6})`))[1];
  const pairs = [
    ['ink', 'paper'],
    ['ink', 'sand'],
    ['ink-soft', 'paper'],
    ['sand', 'sea'],
    ['sand', 'sea-light'],
    ['open', 'sand'],
    ['closed', 'sand'],
    ['rust', 'sand'],
  ];
  for (const [text, background] of pairs) {
    const ratio = contrast(color(text), color(background));
    assert.ok(ratio >= 4.5, `${text} on ${background}: ${ratio.toFixed(2)}`);
  }
});

/** Contrast ratio of two colours after WCAG 2.2. */
function contrast(a, b) {
  const [darker, lighter] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex) {
  const [red, green, blue] = [0, 2, 4].map((start) => {
    const channel = Number.parseInt(hex.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
