import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../../src/core/flow/services.ts';
import { AppError } from '../../src/protocol/errors.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { type Call, finish, type Rig, run, type Script, useRigs, write } from '../scenarios/rig.ts';

const plan = aPlan([aSubtask('a', { checks: [{ name: 'made', command: 'test -f a/done.txt' }] })]);
const good = [write('a/done.txt', 'x'), finish()];
/** Git takes no file of this kind, and so nothing at all. */
const bad = [write('.gitattributes', '*.txt working-tree-encoding=UTF-16\n'), write('a/first.txt', 'x')];
const mend = run('rm .gitattributes');

/** What the agent is given after its n-th turn: the tool results, then the words of the host. */
function heard(rig: Rig, turn: number): string {
  const message = rig.agent.requests.findLast(({ messages }) => messages.length === 2 * turn + 1)?.messages.at(-1);
  if (message?.role === 'tools') return [...message.results.map((r) => r.text), message.text ?? ''].join('\n');
  return message?.role === 'user' ? message.text : '';
}

const inTurns = (...turns: Call[][]): Script['turn'] => {
  return (_id, turn) => turns[turn] ?? [];
};

describe('work of an agent that is not saved', function () {
  this.timeout(60_000);
  const openIt = useRigs();
  const open = (turn: Script['turn'], adjust?: (services: Services) => Partial<Services>) =>
    openIt({ plan, turn }, { forge: createFakeForge(), ...(adjust === undefined ? {} : { adjust }) });
  const built = async (rig: Rig) => {
    const runId = await rig.start({ until: 'build' });
    return { runId, view: await rig.settled(runId) };
  };
  const worktreeOf = (rig: Rig, runId: string) => join(rig.services.runDir(runId), 'worktrees', 'a');
  const paths = (view: Awaited<ReturnType<Rig['settled']>>) => view.subtasks.a?.files.map((file) => file.path);
  const acted = (rig: Rig, runId: string) =>
    rig.eventsOf(runId).flatMap((event) => (event.type === 'subtask.acted' ? [event.action] : []));

  /** Saving fails as on a full disk, until it is mended. */
  const breakable = () => {
    const disk = { isFull: true };
    const adjust = ({ repository }: Services): Partial<Services> => ({
      repository: {
        ...repository,
        commitWorktree: (...args) =>
          disk.isFull
            ? Promise.reject(new AppError({ code: 'git_failed', message: 'The disk is full.' }))
            : repository.commitWorktree(...args),
      },
    });
    return { disk, adjust };
  };

  describe('because git refuses its files', () => {
    it('is mended by the agent, which hears what git said, and nothing is run before that', async () => {
      const rig = await open(inTurns(bad, [write('a/late.txt', 'x'), finish()], [mend], good));
      const { runId, view } = await built(rig);
      assert.deepEqual([view.status, view.waiting], ['complete', []]);
      assert.match(heard(rig, 2), /^Not run.*\nNot run.*BOM is required in 'a\/first\.txt'.*Mend or remove/s);
      assert.deepEqual(paths(view), ['a/done.txt', 'a/first.txt']);
      assert.ok(acted(rig, runId).some((action) => /has to mend files that git refuses/.test(action)));
    });

    it('is told to an agent that calls itself done in the same turn', async () => {
      const rig = await open(inTurns([...bad, finish()], [finish()], [mend, ...good]));
      const { view } = await built(rig);
      assert.deepEqual([view.status, view.waiting], ['complete', []]);
      for (const turn of [1, 2]) assert.match(heard(rig, turn), /Not finished.*BOM is required/s);
      assert.deepEqual(paths(view), ['a/done.txt', 'a/first.txt']);
    });

    it('waits for a person when the agent was told three times, through a restart, and goes on from there', async () => {
      const again = (n: number) => [write(`a/try-${n}.txt`, 'x')];
      const rig = await open(
        inTurns(bad, [run('ls')], again(1), [run('ls')], again(2), [run('ls')], again(3), good, good),
      );
      const { runId, view } = await built(rig);
      assert.deepEqual(
        [view.status, view.waiting[0]?.gate, view.waiting[0]?.code],
        ['waiting', 'resume', 'files_refused'],
      );
      assert.match(view.waiting[0]?.message ?? '', /BOM is required.*Mend or remove that there, then resume the run/s);
      const told = [1, 2, 3, 4, 5, 6, 7].filter((turn) => /Git does not take the files/.test(heard(rig, turn)));
      assert.deepEqual(told, [2, 4, 6]);
      const asked = rig.agent.requests.length;

      await rig.restart();
      rmSync(join(worktreeOf(rig, runId), '.gitattributes'));
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.equal(after.status, 'complete');
      assert.equal(rig.agent.requests.length, asked, 'what was answered was not asked again');
      assert.deepEqual(paths(after), ['a/done.txt', 'a/first.txt', 'a/try-1.txt', 'a/try-2.txt', 'a/try-3.txt']);
    });

    it('is kept when the tools that mend it are cut, and run again', async () => {
      const reached = Promise.withResolvers<void>();
      let isCut = false;
      const rig = await open(inTurns(bad, [], [run('echo x >> a/mended.txt'), mend], good), ({ tools }) => ({
        tools: {
          ...tools,
          open: async (options) => {
            const session = await tools.open(options);
            return {
              ...session,
              run: async (call, signal) => {
                const isMend = JSON.stringify(call.input).includes('rm .gitattributes');
                if (!isMend || isCut) return session.run(call, signal);
                isCut = true;
                reached.resolve();
                return new Promise((_, reject) => {
                  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
                });
              },
            };
          },
        },
      }));
      const runId = await rig.start({ until: 'build' });
      await reached.promise;
      await rig.restart();
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const view = await rig.settled(runId);
      assert.equal(view.status, 'complete');
      assert.deepEqual(paths(view), ['a/done.txt', 'a/first.txt', 'a/mended.txt']);
      assert.match(heard(rig, 3), /some may have been run twice/);
    });
  });

  it('is not told to the agent when it cannot mend that', async () => {
    const { disk, adjust } = breakable();
    const rig = await open(inTurns([write('a/first.txt', 'x')], good), adjust);
    const { runId, view } = await built(rig);
    assert.deepEqual([view.status, view.waiting[0]?.code], ['waiting', 'git_failed']);
    disk.isFull = false;
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.deepEqual(paths(await rig.settled(runId)), ['a/done.txt', 'a/first.txt']);
    assert.equal(rig.agent.requests.length, 2);
  });

  describe('when its worktree has gone meanwhile', () => {
    const first = [write('a/first.txt', 'x'), run('echo x > a/second.txt')];

    it('is found when it was committed already', async () => {
      let isRefused = true;
      const rig = await open((_id, turn) => {
        if (turn === 1 && isRefused) {
          isRefused = false;
          throw new AppError({ code: 'auth', message: 'no key' });
        }
        return turn === 0 ? [write('a/first.txt', 'x')] : good;
      });
      const { runId, view } = await built(rig);
      assert.equal(view.waiting[0]?.code, 'auth');
      await rig.restart();
      rmSync(worktreeOf(rig, runId), { recursive: true });
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.deepEqual([after.status, paths(after)], ['complete', ['a/done.txt', 'a/first.txt']]);
      assert.doesNotMatch(heard(rig, 2), /lost/);
    });

    it('is told to the agent as lost, with what had changed, before any other call is run', async () => {
      const { disk, adjust } = breakable();
      const rig = await open(inTurns(first, [write('a/late.txt', 'x'), finish()], good), adjust);
      const { runId, view } = await built(rig);
      assert.equal(view.waiting[0]?.code, 'git_failed');
      await rig.restart();
      rmSync(worktreeOf(rig, runId), { recursive: true });
      disk.isFull = false;
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.deepEqual([after.status, paths(after)], ['complete', ['a/done.txt']]);
      assert.match(
        heard(rig, 2),
        /^Not run.*Your worktree was gone.*is lost.*wrote a\/first\.txt\n- ran echo x > a\/second\.txt/s,
      );
      assert.ok(acted(rig, runId).some((action) => /^lost what it had changed after commit/.test(action)));
    });

    it('is told so too when the process ended again before the agent had answered', async () => {
      const { disk, adjust } = breakable();
      let asked = Promise.withResolvers<void>();
      let mayAnswer = false;
      const rig = await open(async (_id, turn) => {
        if (turn === 0) return first;
        if (turn === 1 && !mayAnswer) {
          asked.resolve();
          await new Promise(() => {});
        }
        return good;
      }, adjust);
      const runId = await rig.start({ until: 'build' });
      await asked.promise;
      await rig.restart();
      rmSync(worktreeOf(rig, runId), { recursive: true });
      disk.isFull = false;
      asked = Promise.withResolvers();
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      await asked.promise;
      await rig.restart();
      assert.equal(existsSync(worktreeOf(rig, runId)), false);
      mayAnswer = true;
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.deepEqual([after.status, paths(after)], ['complete', ['a/done.txt']]);
      assert.match(heard(rig, 2), /Your worktree was gone/);
    });

    it('is told to an agent that was mending what git refuses', async () => {
      let hasKey = false;
      const rig = await open((_id, turn) => {
        if (turn === 2 && !hasKey) throw new AppError({ code: 'auth', message: 'no key' });
        return [bad, [run('ls')], [mend, write('a/late.txt', 'x')], good][turn] ?? [];
      });
      const { runId, view } = await built(rig);
      assert.equal(view.waiting[0]?.code, 'auth');
      await rig.restart();
      rmSync(worktreeOf(rig, runId), { recursive: true });
      hasKey = true;
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.deepEqual([after.status, paths(after)], ['complete', ['a/done.txt']]);
      assert.match(heard(rig, 3), /^Not run.*\nNot run.*Your worktree was gone.*wrote \.gitattributes/s);
    });

    it('is told to an agent that had called itself done', async () => {
      const { disk, adjust } = breakable();
      const rig = await open(inTurns([...first, finish()], good), adjust);
      const { runId, view } = await built(rig);
      assert.equal(view.waiting[0]?.code, 'git_failed');
      await rig.restart();
      rmSync(worktreeOf(rig, runId), { recursive: true });
      disk.isFull = false;
      await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
      const after = await rig.settled(runId);
      assert.deepEqual([after.status, paths(after)], ['complete', ['a/done.txt']]);
      assert.match(heard(rig, 1), /Your worktree was gone.*the subtask is not done/s);
    });

    it('is told to an agent that has removed it itself', async () => {
      const remove = run(`node -e "require('fs').rmSync(process.cwd(), { recursive: true, force: true })"`);
      const rig = await open(inTurns([write('a/first.txt', 'x')], [remove, finish()], good));
      const { view } = await built(rig);
      assert.deepEqual([view.status, paths(view)], ['complete', ['a/done.txt', 'a/first.txt']]);
      assert.match(heard(rig, 2), /Not finished.*Your worktree was gone/s);
    });
  });

  describe('when its run is cancelled', () => {
    const leftover = (rig: Rig) =>
      rig.git('for-each-ref', '--format=%(refname)', 'refs/orchestrator').match(/leftover-.*/)?.[0];
    /** Never answers, and says when it is asked. */
    const hanging = () => {
      const asked = Promise.withResolvers<void>();
      const hang = (): Promise<never> => {
        asked.resolve();
        return new Promise(() => {});
      };
      return { asked: asked.promise, hang };
    };
    const cancelled = async (rig: Rig, runId: string, at: Promise<void>) => {
      await at;
      await rig.app.dispatch({ type: 'cancel', runId });
      assert.equal((await rig.settled(runId)).status, 'cancelled');
    };

    it('is not what only checks have left', async () => {
      const { asked, hang } = hanging();
      const checks = [
        { name: 'leaves a file', command: 'node a/check.js' },
        { name: 'made', command: 'test -f a/done.txt' },
      ];
      const script = `require('node:fs').writeFileSync('report.xml', 'x')`;
      const rig = await openIt(
        {
          plan: aPlan([aSubtask('a', { checks })]),
          turn: (_id, turn) => (turn === 0 ? [write('a/check.js', script), finish()] : hang()),
        },
        { forge: createFakeForge() },
      );
      const runId = await rig.start({ until: 'build' });
      await asked;
      assert.ok(existsSync(join(worktreeOf(rig, runId), 'report.xml')));
      await cancelled(rig, runId, asked);
      assert.equal(leftover(rig), undefined);
      assert.equal(existsSync(worktreeOf(rig, runId)), false);
      assert.match(rig.git('ls-tree', '-r', '--name-only', `refs/orchestrator/${runId}/a`), /^a\/check\.js$/m);
    });

    it('is kept when a tool has just made it', async () => {
      const { asked, hang } = hanging();
      const rig = await open(
        inTurns([finish()], [run('echo x > late.txt'), write('a/never.txt', 'x')]),
        ({ tools }) => ({
          tools: {
            ...tools,
            open: async (options) => {
              const session = await tools.open(options);
              return {
                ...session,
                run: (call, signal) =>
                  call.name === 'write'
                    ? Promise.race([
                        hang(),
                        new Promise<never>((_, reject) => {
                          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
                        }),
                      ])
                    : session.run(call, signal),
              };
            },
          },
        }),
      );
      const runId = await rig.start({ until: 'build' });
      await cancelled(rig, runId, asked);
      assert.equal(leftover(rig), 'leftover-a');
      assert.equal(rig.git('show', `refs/orchestrator/${runId}/leftover-a:late.txt`), 'x\n');
    });
  });
});
