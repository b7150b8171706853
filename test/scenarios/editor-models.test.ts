import assert from 'node:assert/strict';
import { createEditorAgent } from '../../src/adapters/models/editor-agent.ts';
import { createEditorLead } from '../../src/adapters/models/editor-lead.ts';
import type { RunPolicy } from '../../src/core/flow/policy.ts';
import type { EditorModelPart, EditorModelRequest } from '../../src/protocol/language-models.ts';
import {
  anEditorModel,
  called,
  type EditorScript,
  editorError,
  FakeEditorModels,
  said,
} from '../fakes/editor-models.ts';
import { createFakeForge } from '../fakes/forge.ts';
import { aPlan, aSubtask } from '../fakes/plan.ts';
import { approve, openRig, type Rig, readWorkspace } from './rig.ts';

const planner = anEditorModel({ family: 'planner' });
const coder = anEditorModel({ family: 'coder' });
const POLICY: Partial<RunPolicy> = {
  lead: { model: planner.id, effort: 'high' },
  agent: { model: coder.id, effort: null },
  escalation: { model: coder.id, effort: 'high' },
};
const PLAN = aPlan([aSubtask('a', { checks: [{ name: 'test', command: 'grep -q done a/done.txt' }] })]);

/** The answer of the planner: the plan is no JSON at first, and fenced then. */
function planned(request: EditorModelRequest): EditorModelPart[] {
  const input = request.messages.at(-1)?.parts.find((part) => part.kind === 'text' && part.text.startsWith('Project:'));
  const purpose = input?.kind === 'text' ? (/^Request: (.*)$/m.exec(input.text)?.[1] ?? '') : '';
  if (purpose === 'clarify') return [said('{"questions": []}')];
  if (purpose === 'plan') return [said('Let me '), { kind: 'other' }, said('think.')];
  if (purpose.startsWith('plan')) return [said('Corrected:\n```json\n'), said(JSON.stringify(PLAN)), said('\n```\n')];
  return [said(JSON.stringify(approve))];
}

/** The coder reads what is not there, writes it, checks it, and finishes. */
function coded(request: EditorModelRequest): EditorModelPart[] {
  const turn = request.messages.filter(({ role }) => role === 'assistant').length;
  const id = `call-${turn}`;
  switch (turn) {
    case 0:
      return [said('Let me look.'), called(id, 'read', { file_path: 'a/done.txt' })];
    case 1:
      return [called(id, 'write', { file_path: 'a/done.txt', content: 'done\n' })];
    case 2:
      return [said('It is all there.')];
    default:
      return [called(`${id}-run`, 'run', { command: 'ls a' }), called(id, 'finish', { report: 'done' })];
  }
}

const script: EditorScript = (request) => (request.modelId === planner.id ? planned(request) : coded(request));

describe('a run with the models of the editor', function () {
  this.timeout(60_000);
  let rig: Rig;
  afterEach(() => rig.close());

  const open = async (models: FakeEditorModels) => {
    rig = await openRig(
      { plan: PLAN, turn: () => [] },
      {
        models: { lead: createEditorLead(models), agent: createEditorAgent(models) },
        policy: POLICY,
        forge: createFakeForge(),
      },
    );
    return rig;
  };

  it('plans after a repair, builds with tools, is reviewed and integrated, and says that no price is known', async () => {
    const models = new FakeEditorModels(script, [planner, coder]);
    await open(models);
    const runId = await rig.start({ until: 'review' });
    const view = await rig.settled(runId);
    assert.deepEqual([view.status, view.error, view.waiting], ['complete', null, []]);
    assert.equal(view.subtasks.a?.state, 'integrated');
    assert.equal(rig.git('show', 'orchestrator/sample:a/done.txt'), 'done\n');
    assert.equal(readWorkspace(rig, 'a/done.txt'), 'done\n');
    const asked = models.requests.map(({ modelId }) => modelId);
    const [lead, agent] = [planner.id, coder.id];
    assert.deepEqual(asked, [lead, lead, lead, agent, agent, agent, agent, lead]);
    assert.deepEqual([view.cost.usd, view.cost.calls, view.cost.unpricedCalls], [0, 8, 8]);
    assert.ok(view.cost.inputTokens > 1_000 && view.cost.outputTokens > 50);
    // The last turn got the results of the real tools.
    const results = models.requests[6]?.messages.flatMap(({ parts }) =>
      parts.filter(({ kind }) => kind === 'toolResult'),
    );
    assert.equal(results?.length, 2);
    assert.match(JSON.stringify(results?.[0]), /Error: /);
  });

  it('waits for the consent of the person, and goes on after it', async () => {
    let allowed = false;
    const models = new FakeEditorModels(
      (request, asked) => (allowed ? script(request, asked) : [editorError('NoPermissions')]),
      [planner, coder],
    );
    await open(models);
    const runId = await rig.start({ until: 'plan' });
    const waiting = await rig.settled(runId);
    assert.equal(waiting.status, 'waiting');
    assert.match(waiting.waiting[0]?.message ?? '', /Manage Language Model Access/);
    assert.equal(models.requests.length, 1);
    allowed = true;
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: null });
    assert.equal((await rig.settled(runId)).status, 'complete');
  });

  it('stops at the number of calls that the budget gives, and goes on when it is raised', async () => {
    const models = new FakeEditorModels(script, [planner, coder]);
    await open(models);
    const runId = await rig.start({ until: 'review', budgetUsd: 0.04 });
    const waiting = await rig.settled(runId);
    assert.match(waiting.waiting[0]?.message ?? '', /no known price.*4 of 4 are made/);
    assert.equal(models.requests.length, 4);
    await rig.app.dispatch({ type: 'resume', runId, budgetUsd: 1 });
    assert.equal((await rig.settled(runId)).status, 'complete');
    assert.equal(models.requests.length, 8);
  });
});
