import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../protocol/errors.ts';
import { parseBrief, readBrief } from './brief-file.ts';

function refusal(format: 'yaml' | 'json' | 'markdown', text: string): string[] {
  try {
    parseBrief('brief', text, format);
  } catch (thrown) {
    assert.ok(thrown instanceof AppError);
    assert.equal(thrown.code, 'brief_invalid');
    return thrown.userMessage.split('\n').slice(1);
  }
  return assert.fail('nothing was refused');
}

describe('a brief', () => {
  it('is read from YAML and from JSON, with defaults filled in', () => {
    const yaml = parseBrief('b', 'name: Café\ndescription: d\ntype: web\nrequirements: [a]\n', 'yaml');
    const json = parseBrief('b', '{"name": "Café", "description": "d", "type": "web", "requirements": ["a"]}', 'json');
    assert.deepEqual(yaml, json);
    assert.deepEqual(yaml.deployment, { target: 'appwrite', autoSetup: true, database: false, functions: false });
  });

  it('names every bad field with its line, what is allowed, and the nearest name', () => {
    const text =
      'name: Guestbook\ntype: desktop\nrequirments:\n  - a form\nrequirements:\n  - fine\n  - 12\ndeployment:\n  databse: true\n  functions: maybe\n';
    assert.deepEqual(refusal('yaml', text).sort(), [
      'brief:10: deployment.functions is "maybe"; allowed: true or false',
      'brief:1: description is missing; text is needed',
      'brief:2: type is "desktop"; allowed: web, mobile, api, fullstack',
      'brief:3: requirments is not a known field; did you mean "requirements"?',
      'brief:7: requirements[1] is 12; allowed: text',
      'brief:9: deployment.databse is not a known field; did you mean "database"?',
    ]);
  });

  it('names the line of a syntax error', () => {
    assert.match(refusal('yaml', 'name: a\ntype: [web\n')[0] ?? '', /^brief:[23]: is not valid YAML/);
    assert.match(
      refusal('yaml', 'name: a\nname: b\n')[0] ?? '',
      /^brief:2: is not valid YAML: Map keys must be unique/,
    );
    assert.match(refusal('json', '{\n"name": "a",\n}\n')[0] ?? '', /^brief:\d: is not valid JSON/);
    assert.equal(refusal('yaml', '')[0], 'brief: name is missing; text is needed');
  });

  it('is read from Markdown: fields in front, description and lists in the body', () => {
    const text =
      '---\nname: Guestbook\ntype: web\n---\n# A guestbook\n\nVisitors leave notes.\n\n## Requirements\n\n- A form\n- A list of notes,\n  newest first\n\n## Constraints\n1. No accounts\n\n## Background\nNone.\n';
    const brief = parseBrief('b.md', text, 'markdown');
    assert.deepEqual(brief.requirements, ['A form', 'A list of notes, newest first']);
    assert.deepEqual(brief.constraints, ['No accounts']);
    assert.equal(brief.description, '# A guestbook\n\nVisitors leave notes.\n\n## Background\nNone.');
  });

  it('keeps fields of the front matter before those of the body', () => {
    const text =
      '---\nname: G\ntype: web\ndescription: Short.\nrequirements: [One]\n---\nLong.\n\n## Requirements\n- Two\n';
    const brief = parseBrief('b.md', text, 'markdown');
    assert.deepEqual(brief.requirements, ['One']);
    assert.equal(brief.description, 'Short.\n\nLong.\n\n## Requirements\n- Two');
  });

  it('counts lines of Markdown from the top of the file', () => {
    const text = '---\nname: G\ntype: wbe\n---\nText.\n\n## Requirements\n- good\n-  \n';
    const found = refusal('markdown', text);
    const bare = refusal('markdown', text.replace('-  \n', '-\n'));
    assert.ok(
      bare.some((line) => line.startsWith('brief:9: requirements[1] is empty')),
      bare.join('\n'),
    );
    assert.ok(found.includes('brief:3: type is "wbe"; allowed: web, mobile, api, fullstack'), found.join('\n'));
    assert.match(refusal('markdown', '# No front matter')[0] ?? '', /^brief:1: has no front matter/);
    assert.match(refusal('markdown', '---\nname: [\n---\n')[0] ?? '', /^brief:[23]: is not valid YAML/);
  });

  describe('from a file', () => {
    let dir: string;
    before(async () => {
      dir = await mkdtemp(join(tmpdir(), 'orchestrator-brief-'));
    });
    after(() => rm(dir, { recursive: true, force: true }));
    const rejects = (path: string, message: RegExp) =>
      assert.rejects(readBrief(path), (thrown) => {
        assert.ok(thrown instanceof AppError);
        assert.equal(thrown.code, 'brief_invalid');
        assert.match(thrown.userMessage, message);
        return true;
      });

    it('is refused in words when it is absent, no file, too large, or of another kind', async () => {
      const large = join(dir, 'large.yaml');
      await writeFile(large, `name: ${'x'.repeat(1_000_001)}\n`);
      await rejects(join(dir, 'absent.yaml'), /absent\.yaml: does not exist/);
      await rejects(large, /at most 1 MB/);
      await rejects(join(dir, 'brief.txt'), /allowed are \.yaml, \.yml, \.json and \.md/);
    });

    it('may begin with a byte order mark', async () => {
      const path = join(dir, 'bom.json');
      await writeFile(path, '\uFEFF{"name": "a", "description": "d", "type": "api", "requirements": ["r"]}');
      assert.equal((await readBrief(path)).name, 'a');
    });
  });
});
