import assert from 'node:assert/strict';
import { OverlapRadar } from './overlap-radar.ts';

const clean = async () => [];
const conflict = (path: string) => async () => [{ path, kind: 'CONFLICT (contents)' }];
const never = async () => assert.fail('branches without a common file are not merged');

describe('the overlap radar', () => {
  it('does not merge branches that changed no common file', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'a', 'c1', ['x.js'], never);
    assert.deepEqual(await radar.observe('r', 'b', 'c2', ['y.js'], never), []);
  });

  it('reports a conflict once, in the same form whoever sees it first, and tells both agents', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'b', 'c1', ['x.js'], never);
    const found = await radar.observe('r', 'a', 'c2', ['x.js'], conflict('x.js'));
    assert.deepEqual(found, [{ subtaskIds: ['a', 'b'], kind: 'conflict', paths: ['x.js'] }]);
    assert.deepEqual(await radar.observe('r', 'b', 'c3', ['x.js'], conflict('x.js')), []);
    assert.match(radar.takeNotes('r', 'a')[0] ?? '', /subtask "b".*same lines of x\.js/);
    assert.match(radar.takeNotes('r', 'b')[0] ?? '', /subtask "a"/);
    assert.deepEqual(radar.takeNotes('r', 'a'), []);
  });

  it('tells same file from conflict, and reports when one becomes the other', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'a', 'c1', ['x.js'], never);
    assert.equal((await radar.observe('r', 'b', 'c2', ['x.js'], clean))[0]?.kind, 'same_file');
    assert.equal((await radar.observe('r', 'b', 'c3', [], conflict('x.js')))[0]?.kind, 'conflict');
  });

  it('forgets what is integrated and keeps runs apart', async () => {
    const radar = new OverlapRadar();
    await radar.observe('r', 'a', 'c1', ['x.js'], never);
    radar.forget('r', 'a');
    await radar.observe('r', 'b', 'c2', ['x.js'], never);
    await radar.observe('other', 'c', 'c3', ['x.js'], never);
  });
});
