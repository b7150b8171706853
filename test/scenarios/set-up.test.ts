import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { AgentTurnRequest, LeadRequest } from '../../src/core/ports.ts';
import type { Finding, Review } from '../../src/protocol/work.ts';
import { eventually } from '../durability/place.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { barrier, eventsOf, passes } from '../merging/two-agents.ts';
import { approve, type Call, finish, run, useRigs, write } from './rig.ts';

const resultsOf = (request: AgentTurnRequest): string =>
  request.messages.flatMap((m) => (m.role === 'tools' ? m.results.map((result) => result.text) : [])).join('\n');

describe('a worktree that was just made', function () {
  this.timeout(60_000);
  const openRig = useRigs();
  /** A project whose checks and commands need something that git does not keep. */
  const options = {
    forge: createFakeForge(),
    prepareWorkspace: (dir: string) => {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, '.gitignore'), 'installed.txt\n');
      mkdirSync(join(dir, 'a'));
      writeFileSync(join(dir, 'a/install.sh'), 'echo it is installed > installed.txt\n');
      // Like a package manager: it runs what the project says, and needs a file that can be read.
      const setup = ['sh a/install.sh', `node -e "JSON.parse(fs.readFileSync('shared.json'))"`];
      writeFileSync(join(dir, 'shared.json'), '{}');
      const config = { checks: { setup } };
      writeFileSync(join(dir, 'orchestrator.config.json'), JSON.stringify(config));
      const git = (...args: string[]) => execFileSync('git', args, { cwd: dir });
      git('init', '--quiet');
      git('add', '--all');
      git('-c', 'user.name=A', '-c', 'user.email=a@example.invalid', 'commit', '--quiet', '--message=start');
    },
  };
  const checks = (id: string) => [passes(`test -f ${id}/done.txt && grep -q installed installed.txt`)];

  it('is set up again when it was gone after a restart, with nothing that nobody has reviewed', async () => {
    let isAsked = false;
    const { promise: never } = Promise.withResolvers<never>();
    let hold: Promise<unknown> = never;
    const turn = async (_id: string, at: number): Promise<Call[]> => {
      if (at === 0) return [write('a/install.sh', 'echo it is installed by the agent > installed.txt\n')];
      isAsked = true;
      await hold;
      return at === 1 ? [run('ls')] : at === 2 ? [run('cat installed.txt')] : [write('a/done.txt', 'x'), finish()];
    };
    const rig = await openRig({ plan: aPlan([aSubtask('a', { checks: checks('a') })]), turn }, options);
    const runId = await rig.start({ until: 'build' });
    await eventually('the second turn is asked', () => isAsked);
    hold = Promise.resolve();
    await rig.restart();
    rmSync(join(rig.services.runDir(runId), 'worktrees', 'a'), { recursive: true });
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.error], ['complete', null]);
    const seen = resultsOf(rig.agent.requests.at(-1) as AgentTurnRequest);
    assert.match(seen, /it is installed$/m);
    assert.doesNotMatch(seen, /by the agent/);
  });

  it('is set up for the agent that joins a conflict, whatever it is in', async () => {
    const both = barrier(2);
    let seen = '';
    const shared = [{ path: 'shared.json', purpose: 'shared', content: '{}' }];
    const subtasks = ['a', 'b'].map((id) => aSubtask(id, { checks: checks(id) }));
    const plan = aPlan(subtasks, { sharedInterfaces: shared, integrationChecks: [passes('test -d .')] });
    const turn = async (id: string, at: number, request: AgentTurnRequest): Promise<Call[]> => {
      if (id.endsWith(':merge')) {
        seen = resultsOf(request);
        return at === 0 ? [run('cat installed.txt')] : [write('shared.json', '{\n"a": 1,\n"b": 1\n}\n'), finish()];
      }
      if (at === 0) return [write(`${id}/done.txt`, id), write('shared.json', `{\n"${id}": 1\n}\n`)];
      await both();
      return [finish()];
    };
    const rig = await openRig({ plan, turn }, options);
    const view = await rig.settled(await rig.start({ until: 'build' }));
    assert.deepEqual([view.status, view.error], ['complete', null]);
    assert.match(seen, /it is installed/);
  });

  it('is set up with what an agent made of a conflict when the lead has accepted it, and not before', async () => {
    const both = barrier(2);
    const shared = [{ path: 'shared.json', purpose: 'both add to it', content: '{}\n' }];
    const subtasks = ['a', 'b'].map((id) => aSubtask(id, { checks: checks(id) }));
    const plan = aPlan(subtasks, { sharedInterfaces: shared, integrationChecks: [passes('test -d .')] });
    const trace = join(tmpdir(), `set-up-trace-${randomUUID()}`);
    const joined = write('shared.json', '{\n"a": 1,\n"b": 1\n}\n');
    const mended = 'echo it is installed > installed.txt\n';
    const turn = async (id: string, at: number): Promise<Call[]> => {
      if (id.endsWith(':merge')) {
        const script = at === 0 ? `echo hidden > ${trace}\n${mended}` : mended;
        return [joined, write('a/install.sh', script), finish()];
      }
      if (at === 0) return [write(`${id}/done.txt`, id), write('shared.json', `{\n"${id}": 1\n}\n`)];
      await both();
      return [finish()];
    };
    const shown: string[] = [];
    const finding: Finding = { id: 'f', severity: 'blocker', file: 'a/install.sh', line: 1, message: 'not yours' };
    const review = (id: string, round: number, request: LeadRequest): Review => {
      if (!id.endsWith(':merge')) return approve;
      shown.push(request.input);
      return round === 1 ? { verdict: 'revise', summary: 'no', findings: [finding] } : approve;
    };
    const rig = await openRig({ plan, turn, review }, options);
    const runId = await rig.start({ until: 'build' });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.error], ['complete', null]);
    assert.equal(existsSync(trace), false);
    assert.equal(shown.length, 2);
    assert.match(shown[0] ?? '', /conflicts with what was integrated meanwhile \(shared\.json \(contents\)\)/);
    assert.match(shown[0] ?? '', /^\+echo hidden/m);
    assert.match(shown[1] ?? '', /not yours/);
    const [refused] = eventsOf(rig.eventsOf(runId), 'merge.refused');
    assert.deepEqual(refused?.missing, ['no', 'a/install.sh:1 not yours']);
  });

  it('is not set up with work that nobody has reviewed where commands have no network', async () => {
    const places: string[] = [];
    let atReview: string[] = [];
    const rig = await openRig(
      {
        plan: aPlan([aSubtask('a', { checks: checks('a') })]),
        turn: (_id, at) => (at === 0 ? [write('a/done.txt', 'x')] : [finish()]),
        review: () => {
          atReview = [...places];
          return approve;
        },
      },
      {
        ...options,
        adjust: ({ runner }) => ({
          runner: {
            run: (command, signal) => {
              places.push(basename(command.cwd));
              return runner.run(command, signal);
            },
          },
        }),
      },
    );
    const view = await rig.settled(await rig.start({ until: 'build' }));
    assert.equal(view.status, 'complete');
    assert.deepEqual([...new Set(atReview)], ['a']);
    assert.deepEqual([...new Set(places)], ['a', 'merge-a']);
  });
});
