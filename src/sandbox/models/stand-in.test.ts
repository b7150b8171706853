import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { AppError } from '../../protocol/errors.ts';
import { Clarification, Plan } from '../../protocol/plan.ts';
import { Review } from '../../protocol/work.ts';
import { loadRecordings, type Recording } from './recordings.ts';
import { samplesDir } from './samples.ts';
import { type JournalEntry, type ModelStandIn, startModelStandIn } from './stand-in.ts';

const TOOLS: Anthropic.Tool[] = ['read', 'write', 'edit', 'glob', 'grep', 'run', 'finish'].map((name) => ({
  name,
  description: `Tool ${name}`,
  input_schema: { type: 'object' },
}));

const head = (project: string, second: string) => `Project: ${project}\n${second}\n\nThe rest of the prompt.`;

describe('the stand-in for the models', () => {
  let models: ModelStandIn;
  let openai: OpenAI;
  let anthropic: Anthropic;
  let recordings: Recording[] = [];
  const noted: JournalEntry[] = [];

  before(async () => {
    recordings = await loadRecordings(samplesDir());
    models = await startModelStandIn({ latencyMs: 0, chunkMs: 0, journal: (entry) => noted.push(entry) });
    openai = new OpenAI({ apiKey: 'local', baseURL: `${models.url}/v1`, maxRetries: 0 });
    anthropic = new Anthropic({ apiKey: 'local', baseURL: models.url, maxRetries: 0 });
  });
  after(() => models.close());

  async function askLead(input: OpenAI.Responses.ResponseInput | string): Promise<OpenAI.Responses.Response> {
    const stream = openai.responses.stream({
      model: 'grok-4.7',
      instructions: 'You lead the development.',
      input,
      store: false,
      include: ['reasoning.encrypted_content'],
      text: { format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true } },
    });
    return stream.finalResponse();
  }

  function turn(messages: Anthropic.MessageParam[]): Promise<Anthropic.Message> {
    const request = { model: 'claude-sonnet-5-5', max_tokens: 64_000, system: 'You build.', tools: TOOLS, messages };
    return anthropic.messages.stream(request).finalMessage();
  }

  /** Plays a conversation to its end as a host does: every tool call gets a result. */
  async function playConversation(project: string, second: string, turns: number): Promise<Anthropic.Message[]> {
    const messages: Anthropic.MessageParam[] = [{ role: 'user', content: head(project, second) }];
    const replies: Anthropic.Message[] = [];
    for (let index = 0; index < turns; index += 1) {
      const reply = await turn(messages);
      replies.push(reply);
      messages.push({ role: 'assistant', content: reply.content });
      const calls = reply.content.filter((block) => block.type === 'tool_use');
      const results = calls.map((call) => ({ type: 'tool_result' as const, tool_use_id: call.id, content: 'done' }));
      messages.push({ role: 'user', content: [...results, { type: 'text', text: 'Findings: none.' }] });
    }
    return replies;
  }

  function assertRecorded(replies: Anthropic.Message[], recording: Recording | undefined, name: string): void {
    const said = replies.map(({ content }) => ({
      text: content.flatMap((b) => (b.type === 'text' ? [b.text] : [])).join(''),
      calls: content.flatMap((b) => (b.type === 'tool_use' ? [{ tool: b.name, input: b.input }] : [])),
    }));
    assert.deepEqual(said, recording?.agents[name]);
  }

  it('answers the lead of every sample over the Responses API with valid questions, plan and reviews', async () => {
    for (const { brief, lead } of recordings) {
      const clarify = await askLead(head(brief.name, 'Request: clarify'));
      assert.deepEqual(Clarification.parse(JSON.parse(clarify.output_text)), lead.clarify);
      const plan = await askLead(head(brief.name, 'Request: plan'));
      assert.deepEqual(Plan.parse(JSON.parse(plan.output_text)), lead.plan);
      for (const [subtask, reviews] of Object.entries(lead.reviews)) {
        for (const [index, review] of reviews.entries()) {
          const answer = await askLead(head(brief.name, `Request: review ${subtask} round ${index + 1}`));
          assert.deepEqual(Review.parse(JSON.parse(answer.output_text)), review);
        }
      }
    }
  });

  it('answers the lead when the earlier exchange is sent along', async () => {
    const first = head('Team Notes', 'Request: clarify');
    const clarify = await askLead(first);
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: first }];
    for (const item of clarify.output) if (item.type === 'message') input.push(item);
    input.push({ role: 'user', content: head('Team Notes', 'Request: plan') });
    assert.equal(Plan.parse(JSON.parse((await askLead(input)).output_text)).subtasks.length, 5);
  });

  it('answers the lead over Chat Completions as well', async () => {
    const stream = await openai.chat.completions.create({
      model: 'grok-4.7',
      messages: [{ role: 'user', content: head('Harbour Cafe', 'Request: clarify') }],
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let outputTokens = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      outputTokens = chunk.usage?.completion_tokens ?? outputTokens;
    }
    assert.deepEqual(JSON.parse(text), recordings[0]?.lead.clarify);
    assert.equal(outputTokens, Math.ceil(text.length / 4));
  });

  it('answers an agent turn by turn through a rejected round to the end', async () => {
    const recording = recordings[1];
    const turns = recording?.agents.site?.length ?? 0;
    const replies = await playConversation('Team Notes', 'Subtask: site', turns);
    assertRecorded(replies, recording, 'site');
    assert.ok(replies.every((reply) => reply.stop_reason === 'tool_use'));
    const ids = replies.flatMap((r) => r.content.flatMap((b) => (b.type === 'tool_use' ? [b.id] : [])));
    assert.equal(ids.length, new Set(ids).size);
  });

  it('keeps conversations apart that go on at the same time', async () => {
    const names = ['note-rules', 'notes-api', 'operations', 'wire-up', 'notes-api:merge', 'site:merge'];
    await Promise.all(
      names.map(async (name) => {
        const second = `Subtask: ${name.replace(':merge', '\nRequest: merge')}`;
        const turns = recordings[1]?.agents[name]?.length ?? 0;
        assertRecorded(await playConversation('Team Notes', second, turns), recordings[1], name);
      }),
    );
  });

  it('counts a token for four characters, what was read and what was written', async () => {
    const text = head('Team Notes', 'Request: plan');
    const { usage, output_text } = await askLead(text);
    assert.equal(usage?.output_tokens, Math.ceil(output_text.length / 4));
    assert.equal(usage?.input_tokens, Math.ceil((text.length + 'You lead the development.'.length) / 4));

    const [first, second] = await playConversation('Harbour Cafe', 'Subtask: website', 2);
    assert.ok(first && second);
    const written = recordings[0]?.agents.website?.[1];
    const characters = JSON.stringify(written?.calls.map((c) => c.input)).length + (written?.text.length ?? 0);
    assert.ok(Math.abs(second.usage.output_tokens - characters / 4) < 20);
    assert.ok(first.usage.input_tokens > JSON.stringify(TOOLS).length / 4);
    assert.ok(second.usage.input_tokens > first.usage.input_tokens);
  });

  it('streams in pieces', async () => {
    const request = { model: 'grok-4.7', input: head('Team Notes', 'Request: plan'), stream: true as const };
    let pieces = 0;
    for await (const event of await openai.responses.create(request)) {
      if (event.type === 'response.output_text.delta') pieces += 1;
    }
    assert.ok(pieces > 50, `${pieces}`);
  });

  it('refuses an unknown project in the form of each vendor, with the way to real models', async () => {
    await assert.rejects(askLead(head('Bakery', 'Request: plan')), (error) => {
      assert.ok(error instanceof OpenAI.APIError);
      assert.equal(error.status, 404);
      assert.equal(error.type, 'no_recording');
      assert.equal(error.code, 'no_recording');
      assert.match(error.message, /"Bakery".*XAI_API_KEY and ANTHROPIC_API_KEY/);
      return true;
    });
    await assert.rejects(turn([{ role: 'user', content: head('Bakery', 'Subtask: oven') }]), (error) => {
      assert.ok(error instanceof Anthropic.APIError);
      assert.equal(error.status, 404);
      const body = error.error as { type: string; error: { type: string; message: string } };
      assert.equal(body.type, 'error');
      assert.equal(body.error.type, 'no_recording');
      assert.match(body.error.message, /"Bakery".*XAI_API_KEY and ANTHROPIC_API_KEY/);
      return true;
    });
  });

  it('refuses every other call of the vendors the same way', async () => {
    const noRecording = { status: 404, message: /no_recording|recorded conversations/ };
    await assert.rejects(openai.embeddings.create({ model: 'x', input: 'y' }), noRecording);
    await assert.rejects(openai.models.retrieve('grok-4.7'), noRecording);
    await assert.rejects(
      anthropic.messages.countTokens({ model: 'claude-sonnet-5-5', messages: [{ role: 'user', content: 'x' }] }),
      noRecording,
    );
  });

  it('lists its models to both vendors', async () => {
    const ids = ['grok-4.7', 'claude-sonnet-5-5', 'claude-opus-5-5', 'claude-haiku-5-5'];
    assert.deepEqual(
      (await openai.models.list()).data.map((m) => m.id),
      ids,
    );
    assert.deepEqual(
      (await anthropic.models.list()).data.map((m) => m.id),
      ids,
    );
  });

  it('notes what it answered and what it could not', async () => {
    const from = noted.length;
    await askLead(head('Harbour Cafe', 'Request: plan'));
    await playConversation('Harbour Cafe', 'Subtask: website', 1);
    await assert.rejects(askLead(head('Harbour Cafe', 'Request: plan-repair 1')));
    const last = noted.slice(from);
    assert.deepEqual(
      last.map(({ kind, key }) => [kind, key]),
      [
        ['lead', '1-static-site/plan'],
        ['agent', '1-static-site/website#0'],
        ['missing', '1-static-site/plan-repair 1'],
      ],
    );
    assert.deepEqual(models.journal().slice(-3), last);
  });
});

describe('starting and closing the stand-in for the models', () => {
  it('closes while an answer is being streamed, and closes once', async () => {
    const models = await startModelStandIn({ latencyMs: 0, chunkMs: 100 });
    const openai = new OpenAI({ apiKey: 'local', baseURL: `${models.url}/v1`, maxRetries: 0 });
    const request = { model: 'grok-4.7', input: head('Team Notes', 'Request: plan'), stream: true as const };
    const stream = await openai.responses.create(request);
    await Promise.all([models.close(), models.close()]);
    await assert.rejects(async () => {
      for await (const event of stream) assert.notEqual(event.type, 'response.completed');
    });
    await assert.rejects(fetch(`${models.url}/v1/models`));
  });

  it('refuses a port that is taken with a message that names it', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await assert.rejects(startModelStandIn({ port }), (error) => {
        assert.ok(error instanceof AppError);
        assert.equal(error.code, 'configuration');
        assert.ok(error.userMessage.includes(`127.0.0.1:${port}`));
        return true;
      });
    } finally {
      server.close();
    }
  });
});
