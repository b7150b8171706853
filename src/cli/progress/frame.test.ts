import assert from 'node:assert/strict';
import { FAKE_START_MS } from '../../../test/fakes/app-api.ts';
import {
  built,
  completed,
  diffProposed,
  modelCalled,
  planned,
  started,
  waits,
} from '../../../test/fakes/command-line.ts';
import type { DomainEvent } from '../../protocol/events.ts';
import { emptyView, fold, type RunView } from '../../protocol/view.ts';
import { eventLines } from './event-lines.ts';
import { renderFrame } from './frame.ts';
import { renderSummary } from './summary.ts';
import { clean, createPaint, displayWidth, formatDuration, truncate, wrap } from './text.ts';

const paint = createPaint(false);

function viewOf(events: DomainEvent[]): RunView {
  return events.reduce(
    (view, event, index) =>
      fold(view, {
        v: 1,
        runId: 'guestbook-abc123',
        seq: index + 1,
        at: new Date(FAKE_START_MS + index * 1000).toISOString(),
        event,
      }),
    emptyView('guestbook-abc123'),
  );
}

const frame = (view: RunView, columns = 80, rows = 24) =>
  renderFrame(view, { columns, rows, nowMs: FAKE_START_MS + 65_400, paint });

const half = viewOf([
  started('/home/me/guestbook'),
  ...planned,
  ...built,
  { type: 'subtask.started', subtaskId: 'page', agentId: 'frontend-1', specialization: 'frontend', baseCommit: 'a' },
  {
    type: 'subtask.acted',
    subtaskId: 'page',
    agentId: 'frontend-1',
    action: 'ran npm test\u001b[2J\nagain',
    failed: false,
  },
  modelCalled('frontend-1', 'page', 0.5),
]);

describe('the live region', () => {
  it('shows stages, a line an agent, a bar, cost against the cap and the time', () => {
    assert.equal(
      frame(half).join('\n'),
      [
        'Guestbook  guestbook-abc123',
        '✓ brief ▸ ✓ plan ▸ ● build ▸ review ▸ commit ▸ deploy',
        '● lead       plan                                             8.5k tok    $0.12',
        '● frontend-1 page: ran npm test again                         8.5k tok    $0.50',
        '· backend-1  edited api/main.js                               8.5k tok  $0.0310',
        `${'█'.repeat(20)}${'░'.repeat(10)}  1/2 subtasks  $0.65 of $10.00  1:05`,
      ].join('\n'),
    );
  });

  it('never gets wider than the terminal or higher than it', () => {
    const crowd = viewOf([
      started('/w'),
      ...planned,
      ...Array.from(
        { length: 40 },
        (_, index): DomainEvent => ({
          type: 'subtask.started',
          subtaskId: `part-${index}-with-a-rather-long-name`,
          agentId: `backend-${index}`,
          specialization: 'backend',
          baseCommit: 'a',
        }),
      ),
      waits('plan'),
    ]);
    for (const columns of [20, 33, 50, 80, 200]) {
      for (const rows of [6, 10, 24]) {
        const lines = frame(crowd, columns, rows);
        assert.ok(lines.length < rows, `${lines.length} lines on ${rows} rows`);
        for (const line of lines) assert.ok(displayWidth(line) < Math.max(21, columns), `${line} at ${columns}`);
      }
    }
    assert.match(frame(crowd, 80, 10).join('\n'), /… \d+ more agents/);
  });

  it('shows what the run waits for', () => {
    assert.ok(
      frame(viewOf([started('/w'), ...planned, waits('plan')])).includes('waiting (plan): Decide on the plan.'),
    );
  });
});

describe('the log of a run', () => {
  it('has a line for what matters and none for single actions', () => {
    const lines = [...planned, ...built, ...diffProposed, ...completed].flatMap((event) => eventLines(event));
    assert.deepEqual(
      lines.map((line) => `${line.tone}: ${line.text}`),
      [
        'info: stage plan',
        'info: plan: 2 subtasks, $0.20 to $0.60, 1 to 2 tokens, 1 min 00 s to 2 min 00 s',
        'info: stage build',
        'info: api: backend-1 (backend) begins',
        'good: api: checks passed (1)',
        'good: api: review round 1: approve: Good.',
        'good: api: approved after 1 round',
        'good: api: integrated, 1 file at ccccccc',
        'info: stage review',
        'info: diff: 1 file, +12 −0',
        'good: live GET http://site.localhost:1/: 200, status 200',
        'good: complete: http://site.localhost:1',
      ],
    );
  });

  it('lets no text of a model move the cursor or start a new line', () => {
    const [line] = eventLines({ type: 'plan.rejected', comment: 'a\u001b[2Jb\r\nc\u202Ed' });
    assert.equal(line?.text, 'plan sent back: ab c d');
  });
});

describe('the summary', () => {
  it('has URL, cost with cached share, time, estimate against actual, and every piece of evidence', () => {
    const view = viewOf([started('/home/me/guestbook'), ...planned, ...built, ...diffProposed, ...completed]);
    const lines = renderSummary(view, { stateDir: '/state', nowMs: FAKE_START_MS + 99_000, paint });
    assert.equal(
      lines.join('\n'),
      [
        '',
        'Guestbook: complete',
        'URL           http://site.localhost:1',
        'cost          $0.15 of $10.00, 2 calls, 16.0k tokens in (25 % cached), 1.0k out',
        'time          15.0 s',
        'estimate      $0.20 to $0.60, 1 to 2 tokens, 1 min 00 s to 2 min 00 s; actual $0.15, 17.0k tokens, 15.0 s',
        'evidence',
        '  ✓ api: npm test: exit 0, 1.2 s',
        '  ✓ live: GET http://site.localhost:1/: 200, 20 ms',
        'run           guestbook-abc123',
        'workspace     /home/me/guestbook',
        'state         /state',
      ].join('\n'),
    );
  });

  it('says when another run has undone this one, what was left, and no address that is live no more', () => {
    const undone: DomainEvent = { type: 'run.rolled_back', by: 'revert-1', done: [], kept: ['table a/b: it has rows'] };
    const view = viewOf([started('/home/me/guestbook'), ...planned, ...built, ...diffProposed, ...completed, undone]);
    const lines = renderSummary(view, { stateDir: '/state', nowMs: FAKE_START_MS + 99_000, paint });
    assert.equal(lines[1], 'Guestbook: complete, rolled back');
    assert.match(lines.join('\n'), /rolled back {3}\d{4}-\d\d-\d\d \d\d:\d\d UTC by run revert-1, 0 changes/);
    assert.ok(lines.includes('kept          table a/b: it has rows'), lines.join('\n'));
    assert.ok(!lines.some((line) => line.startsWith('URL')));
  });
});

describe('terminal text', () => {
  it('is measured in columns and cut with an ellipsis', () => {
    assert.equal(displayWidth('日本e\u0301👍'), 7);
    assert.equal(displayWidth(createPaint(true)('red', 'abc')), 3);
    assert.equal(truncate('日本語', 5), '日本…');
    assert.equal(truncate('abc', 3), 'abc');
    assert.deepEqual(wrap('one two three', 8), ['one two', 'three']);
    assert.equal(clean('\u001b]8;;http://x\u0007link'), 'link');
  });

  it('shows durations in the unit that fits', () => {
    assert.deepEqual([0, 850, 4_250, 185_000, 7_800_000, 273_600_000].map(formatDuration), [
      '0 ms',
      '850 ms',
      '4.2 s',
      '3 min 05 s',
      '2 h 10 min',
      '3 d 4 h',
    ]);
  });
});
