import assert from 'node:assert/strict';
import * as z from 'zod';
import { aBrief, aPlan, aSubtask } from '../../../test/fakes/plan.ts';
import { Plan } from '../../protocol/plan.ts';
import { agentPrefix } from './agent-prompts.ts';
import { addResults, addTurn, isGoingRound, say, startTalk } from './agent-talk.ts';
import { firstPortOf } from './desk.ts';
import { estimatePlan } from './estimate.ts';
import { covers, normalisePath } from './owned-paths.ts';
import { strictJsonSchema } from './strict-schema.ts';
import { ownershipFaults } from './subtask-checks.ts';

describe('owned paths', () => {
  it('are brought to one form', () => {
    assert.equal(normalisePath('./src//api/'), 'src/api/');
    assert.equal(normalisePath('src/api/**'), 'src/api/');
    assert.equal(normalisePath('src\\a.js'), 'src/a.js');
    for (const path of ['', '/', '..', 'a/..', 'a/.GIT/b', '*']) assert.equal(normalisePath(path), null, path);
  });

  it('cover whole path segments only', () => {
    assert.ok(covers('src/api', 'src/api/a.js'));
    assert.ok(!covers('src/api', 'src/api2/a.js'));
    assert.ok(!covers('src/a.js', 'src/a.json'));
  });

  it('are held against the changed files', () => {
    const plan = aPlan([aSubtask('a')], { sharedInterfaces: [{ path: 'routes.js', purpose: '', content: '' }] });
    const faults = (...paths: string[]) =>
      ownershipFaults({ plan, subtask: aSubtask('a'), restrictPaths: true }, paths);
    assert.deepEqual(faults('a/x.js', 'routes.js'), []);
    assert.match(faults()[0] ?? '', /No file/);
    assert.match(faults('routes.js')[0] ?? '', /None of the owned paths/);
    assert.match(faults('a/x.js', 'b/y.js')[0] ?? '', /b\/y\.js/);
  });
});

describe('the talk with an agent', () => {
  const talk = () => startTalk({ model: 'm', effort: 'low', commit: 'c', text: 'do', turnLimit: 9 });

  it('joins the words of the host to the tool results before them', () => {
    const t = talk();
    addTurn(t, [{ type: 'text' }]);
    addResults(t, [{ callId: '1', text: 'ok', isError: false }], null);
    say(t, 'checks failed');
    say(t, 'again');
    assert.equal(t.messages.length, 3);
    assert.deepEqual(t.messages[2], {
      role: 'tools',
      results: [{ callId: '1', text: 'ok', isError: false }],
      text: 'checks failed\n\nagain',
    });
  });

  it('notices the third identical round of calls, and no other', () => {
    const t = talk();
    const same = [{ name: 'read', input: { file_path: 'a' } }];
    assert.deepEqual([isGoingRound(t, same), isGoingRound(t, same), isGoingRound(t, same)], [false, false, true]);
    assert.equal(isGoingRound(t, [{ name: 'read', input: { file_path: 'b' } }]), false);
  });
});

describe('the prompt of an agent', () => {
  it('begins with the same text for all agents of a run', () => {
    const plan = aPlan([aSubtask('a'), aSubtask('b')]);
    assert.equal(agentPrefix(aBrief(), plan), agentPrefix(aBrief(), structuredClone(plan)));
  });
});

describe('the schema for models', () => {
  it('closes every object, requires every field and keeps only enforceable keywords', () => {
    const json = JSON.stringify(strictJsonSchema(Plan));
    for (const keyword of ['minLength', 'pattern', 'maximum', 'minItems', '$schema'])
      assert.ok(!json.includes(`"${keyword}":`), keyword);
    // What has a default for old plans is asked of a model all the same.
    assert.match(json, /"required":\[[^\]]*"ownedPaths","removesTests"/);
    const nested = strictJsonSchema(
      z.strictObject({ a: z.array(z.strictObject({ type: z.enum(['x']), n: z.int().nullable() })) }),
    );
    assert.deepEqual(nested, {
      type: 'object',
      required: ['a'],
      additionalProperties: false,
      properties: {
        a: {
          type: 'array',
          items: {
            type: 'object',
            required: ['type', 'n'],
            additionalProperties: false,
            properties: {
              type: { type: 'string', enum: ['x'] },
              n: { anyOf: [{ type: 'integer' }, { type: 'null' }] },
            },
          },
        },
      },
    });
  });
});

describe('the estimate', () => {
  const policy = {
    lead: { model: 'grok-4.7' },
    agent: { model: 'claude-sonnet-5-5' },
    concurrency: 4,
  } as Parameters<typeof estimatePlan>[1];

  it('grows with the work and its order, and shrinks with agents', () => {
    const one = estimatePlan(aPlan([aSubtask('a')]), policy);
    const two = estimatePlan(aPlan([aSubtask('a'), aSubtask('b')]), policy);
    const chain = estimatePlan(aPlan([aSubtask('a'), aSubtask('b', { dependsOn: ['a'] })]), policy);
    assert.ok(one.costUsd && two.costUsd && one.costUsd.low > 0 && one.costUsd.high > one.costUsd.low);
    assert.ok(two.costUsd.low > one.costUsd.low);
    assert.equal(two.wallMs.low, one.wallMs.low);
    assert.equal(chain.wallMs.low, 2 * one.wallMs.low);
    const single = estimatePlan(aPlan([aSubtask('a'), aSubtask('b')]), { ...policy, concurrency: 1 });
    assert.equal(single.wallMs.low, chain.wallMs.low);
    // Agents do not wait for reviews, but the last one is waited for.
    const four = estimatePlan(aPlan(['a', 'b', 'c', 'd'].map((id) => aSubtask(id))), { ...policy, concurrency: 2 });
    assert.ok(four.wallMs.low > one.wallMs.low && four.wallMs.low < 2 * one.wallMs.low, `${four.wallMs.low}`);
  });

  it('says that the cost is not known for a model without a price', () => {
    assert.equal(
      estimatePlan(aPlan([aSubtask('a')]), { ...policy, agent: { model: 'own', effort: 'low' } }).costUsd,
      null,
    );
  });
});

describe('port blocks', () => {
  it('do not overlap within a run and stay in the range', () => {
    const ports = Array.from({ length: 50 }, (_, index) => firstPortOf('run-x', index));
    assert.equal(new Set(ports).size, 50);
    assert.ok(ports.every((port) => port >= 21_000 && port + 10 <= 41_000 && port % 10 === 0));
  });
});
