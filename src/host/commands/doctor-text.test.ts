import assert from 'node:assert/strict';
import { doctorText } from './doctor-text.ts';

describe('the table of the doctor', () => {
  it('lines up states, names and findings, with what to do below', () => {
    const text = doctorText(
      [
        { name: 'git', state: 'ok', found: '2.50.0', fix: '' },
        { name: 'free disk space', state: 'missing', found: '0.2 GB', fix: 'Free at least 1 GB.' },
        { name: 'sandbox', state: 'warning', found: 'one\ntwo', fix: '' },
      ],
      { title: 'Doctor', states: { ok: 'OK', warning: 'Warning', missing: 'Missing' }, todo: 'do' },
    );
    assert.equal(
      text,
      [
        'Doctor',
        '',
        'OK       git              2.50.0',
        'Missing  free disk space  0.2 GB',
        '                          do: Free at least 1 GB.',
        'Warning  sandbox          one',
        '                          two',
        '',
      ].join('\n'),
    );
  });
});
