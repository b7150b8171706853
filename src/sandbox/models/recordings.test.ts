import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planFaults } from '../../core/flow/plan-rules.ts';
import { AppError } from '../../protocol/errors.ts';
import { loadRecording, loadRecordings, type Recording } from './recordings.ts';
import { listSamples, samplesDir } from './samples.ts';

const ALLOWED_CHECKS = ['npm test', 'node --test', 'node --check'];

describe('the recorded samples', () => {
  let recordings: Recording[] = [];
  const byNumber = (number: number): Recording => {
    const found = recordings[number - 1];
    assert.ok(found);
    return found;
  };

  before(async () => {
    recordings = await loadRecordings(samplesDir());
  });

  it('are three, listed by number with the name and the file of their brief', () => {
    const samples = listSamples();
    assert.deepEqual(
      samples.map(({ number, name }) => [number, name]),
      [
        [1, 'Harbour Cafe'],
        [2, 'Team Notes'],
        [3, 'Shipping Quote API'],
      ],
    );
    assert.deepEqual(
      recordings.map((r) => r.brief.name),
      samples.map((s) => s.name),
    );
    assert.deepEqual(
      recordings.map((r) => r.brief.type),
      ['web', 'fullstack', 'api'],
    );
  });

  it('have plans without faults, whose checks are tests only and which need no packages', () => {
    const refuseCheck = (command: string) =>
      ALLOWED_CHECKS.some((allowed) => command.startsWith(`${allowed} `) || command === allowed) ? null : 'not a test';
    for (const { brief, lead, folder } of recordings) {
      assert.deepEqual(planFaults(lead.plan, brief, { refuseCheck }), [], folder);
      assert.deepEqual(lead.plan.packages, []);
      assert.equal(lead.plan.complexity === 'simple', lead.plan.subtasks.length === 1, folder);
    }
  });

  it('need of the deployment what their brief says, and check every part of it live', () => {
    for (const { brief, lead, folder } of recordings) {
      const { databaseId, functions, sites, liveChecks } = lead.plan.deployment;
      assert.equal(databaseId !== null, brief.deployment.database, folder);
      assert.equal(functions.length > 0, brief.deployment.functions, folder);
      const parts = [...functions, ...sites].map((part) => part.id);
      assert.deepEqual([...new Set(liveChecks.map((c) => c.target))].sort(), parts.sort(), folder);
    }
  });

  it('have one review for every time an agent finishes, and only the last approves', () => {
    for (const { lead, agents, folder } of recordings) {
      const planned = Object.keys(lead.reviews).filter((id) => !id.startsWith('revision-'));
      assert.deepEqual(planned.sort(), lead.plan.subtasks.map((s) => s.id).sort(), folder);
      for (const [id, reviews] of Object.entries(lead.reviews)) {
        const finished = (agents[id] ?? []).flatMap((t) => t.calls).filter((c) => c.tool === 'finish');
        assert.equal(finished.length, reviews.length, `${folder}: ${id}`);
        const verdicts = reviews.map((r) => r.verdict);
        assert.deepEqual(verdicts, [...verdicts.slice(1).map(() => 'revise'), 'approve'], `${folder}: ${id}`);
      }
    }
  });

  it('end every round with finish and nothing else, after a run of the tests', () => {
    for (const { agents, folder } of recordings) {
      for (const [name, turns] of Object.entries(agents)) {
        assert.equal(turns.at(-1)?.calls[0]?.tool, 'finish', `${folder}: ${name}`);
        let ran = false;
        for (const { calls } of turns) {
          if (calls.some((c) => c.tool === 'finish')) {
            assert.equal(calls.length, 1);
            assert.ok(ran, `${folder}: ${name}`);
            ran = false;
          }
          ran ||= calls.some((c) => c.tool === 'run');
        }
      }
    }
  });

  it('have in Team Notes four agents at once, a rejection that names the faulty line, and a merge for both sides', () => {
    const { lead, agents } = byNumber(2);
    assert.equal(lead.plan.subtasks.filter((s) => s.dependsOn.length === 0).length, 4);
    assert.deepEqual(
      Object.keys(agents)
        .filter((name) => name.endsWith(':merge'))
        .sort(),
      ['notes-api:merge', 'site:merge'],
    );
    const finding = lead.reviews.site?.[0]?.findings[0];
    assert.equal(finding?.severity, 'blocker');
    const written = agents.site?.flatMap((t) => t.calls).find((c) => c.input.file_path === finding?.file);
    const line = String(written?.input.content).split('\n')[(finding?.line ?? 0) - 1];
    assert.match(line ?? '', /\{note\.title\}/);
  });

  describe('that are damaged', () => {
    let dir = '';
    beforeEach(async () => {
      dir = await mkdtemp(join(tmpdir(), 'samples-'));
      await cp(join(samplesDir(), '3-api-function'), join(dir, '3-api-function'), { recursive: true });
    });
    afterEach(() => rm(dir, { recursive: true, force: true }));

    it('are refused by name when a recording has a wrong shape', async () => {
      await writeFile(join(dir, '3-api-function', 'lead.json'), '{"clarify": {}}');
      await assert.rejects(
        loadRecording(dir, '3-api-function'),
        (error) =>
          error instanceof AppError && error.code === 'configuration' && error.userMessage.includes('3-api-function'),
      );
    });

    it('are refused when a file reference leaves the sample', async () => {
      const agents = {
        a: [{ text: 'x', calls: [{ tool: 'run', input: { command: { $file: 'files/../../secret' } } }] }],
      };
      await writeFile(join(dir, 'secret'), 'secret');
      await writeFile(join(dir, '3-api-function', 'agents.json'), JSON.stringify(agents));
      await assert.rejects(loadRecording(dir, '3-api-function'), {
        code: 'configuration',
        message: /leaves the sample/,
      });
    });
  });
});
