import assert from 'node:assert/strict';
import { estimateTokens, worstCaseUsd } from './model-catalog.ts';
import type { AgentMessage, AgentTurnRequest } from './ports.ts';
import { agentWorstUsd } from './worst-case.ts';

const MODEL = 'claude-sonnet-5-5';

const requestOf = (messages: AgentMessage[]): AgentTurnRequest => ({
  model: MODEL,
  effort: 'medium',
  prefix: 'You build. Größe zählt.',
  suffix: 'Subtask: notes',
  tools: [{ name: 'read', description: 'Reads a file.', inputSchema: { type: 'object' } }],
  messages,
  maxOutputTokens: 1_000,
});

/** The same, of the conversation as one text. */
function ofWhole({ prefix, suffix, tools, messages, maxOutputTokens }: AgentTurnRequest): number {
  const shared = estimateTokens(JSON.stringify(tools) + prefix);
  const own = estimateTokens(suffix + JSON.stringify(messages));
  const options = { promptTokens: shared + own };
  const worst = [
    worstCaseUsd(MODEL, shared, 0, { cacheTtl: '1h', ...options }),
    worstCaseUsd(MODEL, own, maxOutputTokens, { cacheTtl: '5m', ...options }),
  ];
  return worst.reduce<number>((sum, usd) => sum + (usd ?? Number.NaN), 0);
}

describe('the worst case of a turn', () => {
  it('is that of the whole conversation, however it grows', () => {
    const messages: AgentMessage[] = [];
    const request = requestOf(messages);
    assert.equal(agentWorstUsd(request), ofWhole(request));
    const first: Extract<AgentMessage, { role: 'user' }> = { role: 'user', text: 'Build the notes: “ö”.' };
    messages.push(first);
    assert.equal(agentWorstUsd(request), ofWhole(request));
    // The last message is added to, as the host does with its words.
    first.text += ' And mind the tests.'.repeat(50);
    assert.equal(agentWorstUsd(request), ofWhole(request));
    messages.push({ role: 'assistant', content: [{ type: 'text', text: 'x'.repeat(5_000) }] });
    messages.push({ role: 'tools', results: [{ callId: '1', text: 'done', isError: false }], text: null });
    for (let time = 0; time < 2; time += 1) assert.equal(agentWorstUsd(request), ofWhole(request));
  });
});
