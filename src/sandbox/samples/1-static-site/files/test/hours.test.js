import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cafeTime, statusAt, WEEK } from '../site/js/hours.js';

// In January the café's clock is UTC. 2026-01-05 is a Monday.
const at = (day, time) => new Date(`2026-01-${String(5 + day).padStart(2, '0')}T${time}:00Z`);
const [MONDAY, TUESDAY, FRIDAY, SUNDAY] = [0, 1, 4, 6];

test('it is open from the first minute', () => {
  assert.equal(statusAt(at(TUESDAY, '07:59')).open, false);
  assert.deepEqual(statusAt(at(TUESDAY, '08:00')), { open: true, dayIndex: 1, text: 'Open now until 18:00' });
});

test('it is closed from the closing minute on', () => {
  assert.equal(statusAt(at(TUESDAY, '17:59')).open, true);
  assert.equal(statusAt(at(TUESDAY, '18:00')).open, false);
});

test('the last half hour is announced', () => {
  assert.equal(statusAt(at(TUESDAY, '17:29')).text, 'Open now until 18:00');
  assert.equal(statusAt(at(TUESDAY, '17:30')).text, 'Open, closing in 30 minutes');
  assert.equal(statusAt(at(TUESDAY, '17:59')).text, 'Open, closing in 1 minute');
});

test('before opening it names today', () => {
  assert.equal(statusAt(at(FRIDAY, '06:00')).text, 'Closed now, opens today at 08:00');
});

test('after closing it names tomorrow', () => {
  assert.equal(statusAt(at(FRIDAY, '22:00')).text, 'Closed now, opens tomorrow at 09:00');
});

test('a closed day in between is skipped', () => {
  assert.equal(statusAt(at(SUNDAY, '16:00')).text, 'Closed now, opens on Tuesday at 08:00');
  assert.equal(statusAt(at(MONDAY, '12:00')).text, 'Closed now, opens tomorrow at 08:00');
});

test('the clock is the one of the café, in summer time too', () => {
  // 07:30 UTC in July is 08:30 in Lisbon. 2026-07-07 is a Tuesday.
  assert.deepEqual(cafeTime(new Date('2026-07-07T07:30:00Z')), { dayIndex: 1, minutes: 8 * 60 + 30 });
  assert.equal(statusAt(new Date('2026-07-07T07:30:00Z')).open, true);
});

test('the day changes at midnight of the café', () => {
  // 23:30 UTC on a Monday in July is already Tuesday there.
  assert.deepEqual(cafeTime(new Date('2026-07-06T23:30:00Z')), { dayIndex: 1, minutes: 30 });
});

test('every opening ends after it begins', () => {
  for (const { day, hours } of WEEK) if (hours !== null) assert.ok(hours.from < hours.to, day);
});
