import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '..', '..');

interface Found {
  texts: Set<string>;
  /** Calls whose text is no literal: nobody could translate it. */
  unreadable: string[];
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The first arguments of every `t(…)` and `….l10n.t(…)` below a folder. */
function findTexts(folder: string): Found {
  const found: Found = { texts: new Set(), unreadable: [] };
  for (const path of sourceFiles(folder)) {
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && isTextCall(node.expression)) {
        const [first] = node.arguments;
        if (first !== undefined && ts.isStringLiteralLike(first)) found.texts.add(first.text);
        else if (!path.endsWith('l10n.ts')) {
          const { line } = source.getLineAndCharacterOfPosition(node.getStart());
          found.unreadable.push(`${path.slice(ROOT.length + 1)}:${line + 1}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

function isTextCall(callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return callee.text === 't';
  return (
    ts.isPropertyAccessExpression(callee) && callee.name.text === 't' && /(^|\.)l10n$/.test(callee.expression.getText())
  );
}

const placeholders = (text: string) => [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();

describe('texts', () => {
  const host = findTexts('src/host');
  const page = findTexts('webview');
  const texts = new Set([...host.texts, ...page.texts]);
  const bundle = JSON.parse(readFileSync(join(ROOT, 'l10n/bundle.l10n.de.json'), 'utf8')) as Record<string, string>;

  it('of the editor part are literals, so that they can be translated', () => {
    assert.deepEqual([...host.unreadable, ...page.unreadable], []);
    assert.ok(texts.size > 50, `only ${texts.size} texts were found`);
  });

  it('have a German translation each, and no translation is left over', () => {
    assert.deepEqual([...texts].filter((text) => bundle[text] === undefined).sort(), [], 'without a translation');
    assert.deepEqual(
      Object.keys(bundle)
        .filter((text) => !texts.has(text))
        .sort(),
      [],
      'translated but not used',
    );
  });

  it('take the same arguments in German as in English', () => {
    const differing = Object.entries(bundle).filter(
      ([english, german]) => String(placeholders(english)) !== String(placeholders(german)),
    );
    assert.deepEqual(differing, []);
  });
});
