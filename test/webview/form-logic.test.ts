import assert from 'node:assert/strict';
import type { DraftCheck } from '../../src/protocol/console.ts';
import { controlOf, isBlank, problemsOf } from '../../webview/new-task/problems.ts';
import {
  formatClock,
  formatDuration,
  formatMinutes,
  formatMoney,
  formatRange,
  formatTokens,
  setLocale,
} from '../../webview/ui/format.ts';
import { linesOf, moveItem, pasteLines } from '../../webview/ui/list-edits.ts';
import { sampleDraft } from './samples.ts';

describe('lists of lines', () => {
  it('take several pasted lines as several items, without the signs of lists', () => {
    assert.deepEqual(linesOf('- one\r\n\n * two\n3. three\n[x] four\n2024 was good\n'), [
      'one',
      'two',
      'three',
      'four',
      '2024 was good',
    ]);
  });

  it('keep what stood around the place of the paste', () => {
    const pasted = pasteLines(['a', 'bXc', 'd'], 1, 'one\ntwo\nthree', { start: 1, end: 2 });
    assert.deepEqual(pasted, { items: ['a', 'bone', 'two', 'threec', 'd'], last: 3 });
  });

  it('leave a paste of one line to the control', () => {
    assert.equal(pasteLines(['a'], 0, 'one line\n', { start: 0, end: 0 }), null);
  });

  it('move an item, not beyond the ends', () => {
    assert.deepEqual(moveItem(['a', 'b', 'c'], 0, 2), ['b', 'c', 'a']);
    assert.deepEqual(moveItem(['a', 'b'], 0, 2), ['a', 'b']);
    assert.deepEqual(moveItem(['a', 'b'], 0, -1), ['a', 'b']);
  });
});

describe('problems of the form', () => {
  const check: DraftCheck = {
    check: {
      ok: false,
      problems: [
        { field: 'requirements[10]', line: null, message: 'later' },
        { field: 'requirements[2]', line: null, message: 'earlier' },
        { field: 'name', line: null, message: 'no name' },
        { field: 'name', line: null, message: 'again' },
      ],
    },
    problems: [{ field: 'budgetUsd', message: 'no amount' }],
    estimate: null,
  };

  it('stand in the order of the form, one for each field', () => {
    assert.deepEqual(
      problemsOf(check).map(({ field }) => field),
      ['name', 'requirements[2]', 'requirements[10]', 'budgetUsd'],
    );
  });

  it('lead to the control that can mend them', () => {
    assert.equal(controlOf({ field: 'requirements[2]', message: '' }), 'requirements-2');
    assert.equal(controlOf({ field: 'requirements', message: '' }), 'requirements-0');
    assert.equal(controlOf({ field: 'name', message: '' }), 'name');
  });

  it('tell an empty field from a wrong one', () => {
    assert.equal(isBlank(sampleDraft({ requirements: [' ', ''] }), 'requirements'), true);
    assert.equal(isBlank(sampleDraft({ name: 'x' }), 'name'), false);
  });
});

describe('figures', () => {
  afterEach(() => setLocale('en'));
  const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

  it('write money with cents, and less than a cent with a digit that counts', () => {
    assert.deepEqual([0, 0.004, 1.5, 1234.5].map(formatMoney), ['$0.00', '$0.004', '$1.50', '$1,234.50']);
  });

  it('write durations in the two largest units', () => {
    assert.deepEqual([340, 12_300, 60_000, 200_000, 3_600_000, 3_900_000].map(formatDuration), [
      '340 ms',
      '12 sec',
      '1 min',
      '3 min 20 sec',
      '1 hr',
      '1 hr 5 min',
    ]);
    assert.deepEqual([10_000, 14 * 60_000, 90 * 60_000].map(formatMinutes), ['1 min', '14 min', '1 hr 30 min']);
    assert.deepEqual([7_000, 3_727_000].map(formatClock), ['0:07', '1:02:07']);
  });

  it('write tokens short', () => {
    assert.deepEqual([950, 1_240, 34_000, 1_100_000].map(formatTokens), ['950', '1.2K', '34K', '1.1M']);
  });

  it('write a range of two equal ends as one', () => {
    assert.equal(formatRange({ low: 1.001, high: 1.002 }, formatMoney), '$1.00');
    assert.equal(formatRange({ low: 1, high: 2 }, formatMoney), '$1.00 – $2.00');
  });

  it('follow the language of the editor, and take English for an unknown one', () => {
    setLocale('de');
    assert.equal(plain(formatMoney(1234.5)), '1.234,50 $');
    setLocale('not a language');
    assert.equal(formatMoney(1234.5), '$1,234.50');
  });
});
