import assert from 'node:assert/strict';
import type { DomainEvent } from '../../protocol/events.ts';
import type { ChangedFile } from '../../protocol/work.ts';
import type { MergeConflict } from '../ports.ts';
import { OverlapRadar } from './overlap-radar.ts';
import { watchOverlaps } from './overlap-watch.ts';

const file = (path: string, change: Partial<ChangedFile> = {}): ChangedFile => ({
  path,
  status: 'modified',
  addedLines: 1,
  removedLines: 1,
  ...change,
});

/** A repository of texts by commit and path; every merge ends with `conflicts`. */
function project(texts: Record<string, string> = {}) {
  const asked: string[] = [];
  const said: DomainEvent[] = [];
  const warnings: string[] = [];
  const answers: { conflicts: MergeConflict[]; changed: ChangedFile[]; fault: Error | null } = {
    conflicts: [],
    changed: [],
    fault: null,
  };
  const services = {
    radar: new OverlapRadar(),
    log: { info: () => {}, warn: (message: string) => void warnings.push(message) },
    events: {
      append: (_run: string, event: DomainEvent) => {
        said.push(event);
        return true;
      },
      read: () => [],
      subscribe: () => () => {},
      watch: () => () => {},
    },
    repository: {
      async changedFiles(_dir: string, from: string, to: string) {
        asked.push(`${from}..${to}`);
        return answers.changed;
      },
      async merge(_dir: string, ours: string, theirs: string) {
        if (answers.fault !== null) throw answers.fault;
        asked.push(`${ours}+${theirs}`);
        return { tree: 'tree', conflicts: answers.conflicts };
      },
      readFile: async (_dir: string, commit: string, path: string) => texts[`${commit}:${path}`] ?? null,
    },
  };
  const watch = (subtaskId: string) =>
    watchOverlaps(services, { runId: 'r', subtaskId, repoDir: '/repo', baseCommit: 'base' });
  return { asked, said, warnings, answers, watch };
}

const overlaps = (said: DomainEvent[]) =>
  said.flatMap((event) => (event.type === 'overlap.found' ? [`${event.kind} ${event.paths.join(' ')}`] : []));

describe('the watch over the overlaps of one agent', () => {
  it('adds up what the commits change, and asks git for nothing while no other branch is near', async () => {
    const { asked, said, watch } = project({ 'b1:x.js': 'b', 'a3:x.js': 'a' });
    const a = watch('a');
    a.observe('a1', 'base', [file('x.js')]);
    a.observe('a2', 'a1', [file('y.js')]);
    a.observe('a3', 'a2', [file('z.js')]);
    await a.ended();
    assert.deepEqual(asked, []);
    const b = watch('b');
    b.observe('b1', 'base', [file('x.js')]);
    await b.ended();
    assert.deepEqual([asked, overlaps(said)], [['a3+b1'], ['same_file x.js']]);
  });

  it('asks once where the branch did not begin in this process', async () => {
    const { asked, answers, said, watch } = project({ 'b1:x.js': 'b', 'a5:x.js': 'a', 'a6:x.js': 'a' });
    answers.changed = [file('x.js')];
    const a = watch('a');
    a.observe('a5', 'a4', [file('y.js')]);
    a.observe('a6', 'a5', [file('z.js')]);
    const b = watch('b');
    b.observe('b1', 'base', [file('x.js')]);
    await Promise.all([a.ended(), b.ended()]);
    assert.deepEqual(
      asked.filter((question) => question.includes('..')),
      ['base..a5'],
    );
    assert.deepEqual(overlaps(said), ['same_file x.js']);
  });

  it('says nothing of a file that is as it was before', async () => {
    const { asked, said, watch } = project({ 'base:x.js': 'one', 'a2:x.js': 'one', 'b1:x.js': 'two' });
    const a = watch('a');
    a.observe('a1', 'base', [file('x.js')]);
    a.observe('a2', 'a1', [file('x.js')]);
    const b = watch('b');
    await a.ended();
    b.observe('b1', 'base', [file('x.js')]);
    await b.ended();
    assert.deepEqual([asked, overlaps(said)], [['a2+b1'], []]);
  });

  it('merges with everybody once something was renamed', async () => {
    const { asked, said, answers, watch } = project();
    answers.conflicts = [{ path: 'lib/new.js', kind: 'CONFLICT (file location)' }];
    const a = watch('a');
    a.observe('a1', 'base', [file('lib/x.js', { status: 'renamed', oldPath: 'src/x.js' })]);
    a.observe('a2', 'a1', [file('y.js')]);
    await a.ended();
    const b = watch('b');
    b.observe('b1', 'base', [file('src/new.js', { status: 'added' })]);
    await b.ended();
    assert.deepEqual([asked, overlaps(said)], [['a2+b1'], ['conflict lib/new.js']]);
  });

  it('goes on after a comparison that failed, and says nothing of a run that was taken away', async () => {
    const { said, warnings, answers, watch } = project({
      'a1:x.js': 'a',
      'b1:x.js': 'b',
      'b2:x.js': 'b',
      'c1:x.js': 'c',
    });
    const [a, b, c] = [watch('a'), watch('b'), watch('c')];
    a.observe('a1', 'base', [file('x.js')]);
    await a.ended();
    answers.fault = new Error('no room');
    b.observe('b1', 'base', [file('x.js')]);
    await b.ended();
    assert.deepEqual([warnings, said], [['overlap check failed'], []]);
    answers.fault = null;
    b.observe('b2', 'b1', [file('y.js')]);
    await b.ended();
    assert.deepEqual(overlaps(said), ['same_file x.js']);
    c.abandon();
    c.observe('c1', 'base', [file('x.js')]);
    await c.ended();
    assert.equal(said.length, 1);
  });
});
