import assert from 'node:assert/strict';
import { functionNeed } from '../../../test/contracts/deployer-support.ts';
import { readSetting, settingChange } from './changes.ts';
import { functionSettings } from './functions.ts';

describe('settings of functions', () => {
  const eventsOf = (events: string[], databaseId: string | null) =>
    functionSettings(functionNeed({ events }), databaseId).events;

  it('name the database by the id that it really has', () => {
    const events = [
      'databases.crew.tables.tasks.rows.*.create',
      'databases.crew',
      'databases.*.tables.tasks.rows.*.update',
      'databases.other.tables.tasks.rows.*.create',
      'users.*.create',
    ];
    assert.deepEqual(eventsOf(events, 'crew-2'), [
      'databases.crew-2.tables.tasks.rows.*.create',
      'databases.crew-2',
      ...events.slice(2),
    ]);
    assert.deepEqual(eventsOf(events, 'crew'), events);
    assert.deepEqual(eventsOf(events, null), events);
  });

  it('say nothing about what the plan leaves to the server', () => {
    const names = Object.keys(functionSettings(functionNeed(), null));
    assert.ok(!names.includes('timeout') && !names.includes('buildSpecification'));
    const said = functionSettings(functionNeed({ timeoutSeconds: 30, specification: 's-1vcpu-1gb' }), null);
    assert.deepEqual(
      [said.timeout, said.buildSpecification, said.runtimeSpecification],
      [30, 's-1vcpu-1gb', 's-1vcpu-1gb'],
    );
  });
});

describe('the words for a changed setting', () => {
  const cases: [from: string | number | null | string[], to: string | number | null | string[]][] = [
    [15, 30],
    [null, ''],
    ['a -> b', '"c" -> ["d"]'],
    [[], ['x: 1 -> 2', 'y']],
  ];
  for (const [from, to] of cases) {
    it(`can be read again: ${JSON.stringify(from)}, ${JSON.stringify(to)}`, () => {
      const { detail } = settingChange('function', 'api', 'some', from, to);
      assert.deepEqual(readSetting(detail), { name: 'some', from, to });
    });
  }

  it('are not found in other words', () => {
    for (const detail of ['', 'another value', 'type: string instead', 'stuck: deleted -> made again']) {
      assert.equal(readSetting(detail), null, detail);
    }
  });
});
