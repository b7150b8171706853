import assert from 'node:assert/strict';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { finish, openRig, type Rig, run, write } from '../scenarios/rig.ts';
import { barrier, eventsOf, passes } from './two-agents.ts';

describe('subtasks that run at the same time', function () {
  this.timeout(60_000);
  const rigs: Rig[] = [];
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
  });

  it('have ports, a home and a temporary folder of their own', async () => {
    const names = ['PORT', 'PORT_BLOCK_START', 'PORT_BLOCK_END', 'HOME', 'TMPDIR'];
    const both = barrier(2);
    const seen = new Map<string, string[]>();
    const rig = await openRig({
      plan: aPlan(['a', 'b'].map((id) => aSubtask(id, { checks: [passes(`test -f ${id}/done.txt`)] }))),
      async turn(id, turn, request) {
        if (turn === 0) {
          await both();
          return [write(`${id}/done.txt`, id), run(names.map((name) => `echo "${name}=$${name}"`).join('; '))];
        }
        const results = request.messages.flatMap((message) => (message.role === 'tools' ? message.results : []));
        const text = results.map((result) => result.text).join('\n');
        seen.set(
          id,
          names.map((name) => new RegExp(`^.*${name}=(.+)$`, 'm').exec(text)?.[1] ?? ''),
        );
        return [finish()];
      },
    });
    rigs.push(rig);
    const view = await rig.settled(await rig.start({ until: 'build' }));
    assert.equal(view.status, 'complete');
    const [a = [], b = []] = [seen.get('a'), seen.get('b')];
    for (const [index, name] of names.entries()) {
      assert.ok(a[index] && b[index], name);
      assert.notEqual(a[index], b[index], name);
    }
    assert.equal(Number(a[2]) - Number(a[1]), 9);
  });

  it('do not draw a third one into their conflict: it starts when both are integrated', async () => {
    const paths = { path: 'routes.txt', purpose: 'routes', content: 'home\n' };
    const subtasks = ['a', 'b', 'c', 'd', 'first'].map((id) =>
      aSubtask(id, {
        checks: [passes(`test -f ${id}/done.txt`)],
        description: id === 'c' ? 'Adds its route to routes.txt.' : `Build ${id}.`,
        dependsOn: id === 'c' || id === 'd' ? ['first'] : [],
        priority: id === 'd' ? 2 : 1,
      }),
    );
    const written = barrier(2);
    const compared = barrier(3);
    const othersStarted = barrier(3);
    const rig = await openRig({
      plan: aPlan(subtasks, { sharedInterfaces: [paths], integrationChecks: [passes('test -f routes.txt')] }),
      async turn(id, turn) {
        if (id.endsWith(':merge')) return [write('routes.txt', 'home\nroute-a\nroute-b\n'), finish()];
        const done = write(`${id}/done.txt`, id);
        const collides = id === 'a' || id === 'b';
        if (turn === 0) {
          // What depends on it becomes ready only when the conflict is known.
          if (id === 'first') await compared();
          if (id === 'd') await othersStarted();
          if (id === 'c') return [write('routes.txt', 'home\nroute-a\nroute-b\nroute-c\n'), done];
          return collides ? [write('routes.txt', `home\nroute-${id}\n`), done] : [done];
        }
        if (collides && turn === 1) await written();
        if (collides && turn === 2) await compared();
        if (collides && turn === 3) await othersStarted();
        return collides && turn < 3 ? [run(`echo ${turn}`)] : [finish()];
      },
    });
    rigs.push(rig);
    const runId = await rig.start({ until: 'review' });
    const view = await rig.settled(runId);
    assert.equal(view.error, null);
    assert.equal(view.status, 'complete');
    const events = rig.eventsOf(runId);
    const started = eventsOf(events, 'subtask.started').map((event) => event.subtaskId);
    assert.deepEqual(started.slice(-2), ['d', 'c']);
    const at = (type: string, id: string) =>
      events.findIndex((event) => event.type === type && 'subtaskId' in event && event.subtaskId === id);
    for (const id of ['a', 'b']) assert.ok(at('subtask.integrated', id) < at('subtask.started', 'c'), id);
    assert.equal(eventsOf(events, 'merge.conflicted').length, 1);
    assert.equal(rig.git('show', 'orchestrator/sample:routes.txt'), 'home\nroute-a\nroute-b\nroute-c\n');
  });
});
