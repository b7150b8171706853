import assert from 'node:assert/strict';
import type { Evidence } from '../../protocol/work.ts';
import { type EvidenceWords, evidenceText } from './evidence-text.ts';

const WORDS: EvidenceWords = {
  title: 'Evidence of api',
  command: 'command',
  outcome: 'outcome',
  duration: 'duration',
  output: 'output',
  none: 'nothing ran yet',
  noOutput: '(none)',
  exit: (code) => `exit code ${code}`,
  outcomes: { passed: 'passed', failed: 'failed', timed_out: 'timed out', refused: 'refused', cancelled: 'cancelled' },
};

const entry = (change: Partial<Evidence>): Evidence => ({
  name: 'unit tests',
  command: 'npm test',
  exitCode: 0,
  outcome: 'passed',
  durationMs: 1_234,
  outputTail: 'tail',
  outputFile: null,
  ...change,
});

describe('the document of evidence', () => {
  it('says of each check what ran, how it ended, how long it took and what it wrote', () => {
    const { text, lines } = evidenceText(
      [
        entry({}),
        entry({ name: 'lint', command: 'npm run lint', exitCode: null, outcome: 'timed_out', outputTail: '' }),
      ],
      new Map(),
      WORDS,
    );
    assert.equal(
      text,
      [
        'Evidence of api',
        '',
        '1/2 unit tests',
        '  command: npm test',
        '  outcome: passed (exit code 0)',
        '  duration: 1.2 s',
        '  output:',
        '    tail',
        '',
        '2/2 lint',
        '  command: npm run lint',
        '  outcome: timed out',
        '  duration: 1.2 s',
        '  output:',
        '    (none)',
        '',
      ].join('\n'),
    );
    assert.deepEqual(lines, [2, 9]);
  });

  it('has the kept output where there is one, without the codes of a terminal', () => {
    const outputs = new Map([['output/1.txt', '\u001b[31mred\u001b[0m\r\nall\u0007 of it\n']]);
    const { text } = evidenceText([entry({ outputFile: 'output/1.txt' })], outputs, WORDS);
    assert.match(text, / {2}output:\n {4}red\n {4}all of it\n$/);
    assert.doesNotMatch(text, /tail/);
  });

  it('says so when nothing has run', () => {
    assert.equal(evidenceText([], new Map(), WORDS).text, 'Evidence of api\n\nnothing ran yet\n');
  });
});
