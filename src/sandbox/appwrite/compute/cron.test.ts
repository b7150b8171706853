import assert from 'node:assert/strict';
import { cronMatches, cronParam, parseCron } from './cron.ts';

const at = (text: string) => Date.parse(`${text}:30Z`);
const matches = (cron: string, time: string): boolean => {
  const parsed = parseCron(cron);
  assert.ok(parsed !== null, cron);
  return cronMatches(parsed, at(time));
};

describe('schedules', () => {
  // 2026-01-01 is a Thursday.
  const cases: [cron: string, time: string, wanted: boolean][] = [
    ['* * * * *', '2026-01-01T00:00', true],
    ['*/15 * * * *', '2026-01-01T10:45', true],
    ['*/15 * * * *', '2026-01-01T10:46', false],
    ['5/20 * * * *', '2026-01-01T10:45', true],
    ['5/20 * * * *', '2026-01-01T10:40', false],
    ['0 9-17/4 * * *', '2026-01-01T13:00', true],
    ['0 9-17/4 * * *', '2026-01-01T14:00', false],
    ['0 0 1,15 * *', '2026-01-15T00:00', true],
    ['0 0 * JAN thu', '2026-01-01T00:00', true],
    ['0 0 * feb *', '2026-01-01T00:00', false],
    ['0 0 * * 7', '2026-01-04T00:00', true],
    ['0 0 * * 0', '2026-01-04T00:00', true],
    ['0 0 * * 1-5', '2026-01-04T00:00', false],
  ];
  for (const [cron, time, wanted] of cases) {
    it(`${cron} ${wanted ? 'names' : 'does not name'} ${time}`, () => assert.equal(matches(cron, time), wanted));
  }

  it('takes either of a day and a weekday when both are given', () => {
    assert.equal(matches('0 0 13 * fri', '2026-01-13T00:00'), true);
    assert.equal(matches('0 0 13 * fri', '2026-01-16T00:00'), true);
    assert.equal(matches('0 0 13 * fri', '2026-01-14T00:00'), false);
  });

  for (const text of [
    '@daily',
    '* * * * * *',
    '1,,2 * * * *',
    '-1 * * * *',
    '1-2-3 * * * *',
    '* * * * 8',
    '*/ * * * *',
    'mon * * * *',
  ]) {
    it(`refuses ${text}`, () => assert.equal(parseCron(text), null));
  }

  it('takes no schedule as one', () => assert.equal(cronParam.parse(''), ''));
});
