import { createAnthropicAgent } from '../adapters/models/anthropic.ts';
import { createXaiLead } from '../adapters/models/xai.ts';
import { createXaiChatLead } from '../adapters/models/xai-chat.ts';
import type { ModelReply } from '../core/ports.ts';
import { AppError, toAppError } from '../protocol/errors.ts';
import type { ModelUsage } from '../protocol/work.ts';
import type { Settings } from './config.ts';

export interface KeyTest {
  role: 'lead' | 'agent' | 'escalation';
  model: string;
  /** `reachable`: a server that answers recordings only, such as the local cloud. */
  outcome: 'answered' | 'reachable' | 'failed';
  latencyMs: number;
  /** Null unless answered. */
  usage: ModelUsage | null;
  costUsd: number | null;
  /** For people: what to do when it failed. */
  message: string;
}

/** Reasoning models think before they say two letters. */
const MAX_OUTPUT_TOKENS = 1_024;
const LIMIT_MS = 60_000;

const ANSWER_SCHEMA = {
  type: 'object',
  properties: { ok: { type: 'boolean' } },
  required: ['ok'],
  additionalProperties: false,
};

/** Makes one tiny paid request for each role that has a key, in order. Never throws for a role that fails. */
export async function* testKeys(settings: Settings, signal: AbortSignal): AsyncGenerator<KeyTest> {
  const { lead, agent, escalation } = settings.models;
  if (lead.provider === 'xai') {
    yield await testRole('lead', lead.model, lead.apiKey === null ? 'XAI_API_KEY' : null, signal, (limited) =>
      askLead(settings, limited),
    );
  }
  // The editor's models have no keys; choosing one in the editor tries it.
  if (agent.provider === 'editor') return;
  const missing = agent.apiKey === null ? 'ANTHROPIC_API_KEY' : null;
  for (const [role, { model, effort }] of [['agent', agent] as const, ['escalation', escalation] as const]) {
    yield await testRole(role, model, missing, signal, (limited) =>
      createAnthropicAgent({ apiKey: agent.apiKey ?? '', baseUrl: agent.baseUrl }).turn(
        {
          model,
          effort: effort ?? 'low',
          prefix: 'You answer a connection test.',
          suffix: 'Answer with one word.',
          tools: [],
          messages: [{ role: 'user', text: 'Say: ok' }],
          maxOutputTokens: MAX_OUTPUT_TOKENS,
        },
        limited,
      ),
    );
  }
}

function askLead(settings: Settings, signal: AbortSignal): Promise<ModelReply> {
  const { model, api, baseUrl, apiKey } = settings.models.lead;
  const options = { apiKey: apiKey ?? '', baseUrl };
  const adapter = api === 'chat' ? createXaiChatLead(options) : createXaiLead(options);
  return adapter.ask(
    {
      conversation: 'connection-test',
      purpose: 'connection-test',
      model,
      effort: 'low',
      instructions: 'You answer a connection test.',
      history: [],
      input: 'Answer {"ok": true}.',
      schemaName: 'connection_test',
      schema: ANSWER_SCHEMA,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
    },
    signal,
  );
}

async function testRole(
  role: KeyTest['role'],
  model: string,
  missing: string | null,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<ModelReply>,
): Promise<KeyTest> {
  const nothing = { role, model, latencyMs: 0, usage: null, costUsd: null };
  if (missing !== null) {
    return { ...nothing, outcome: 'failed', message: `${missing} is not set; set it, or add --local` };
  }
  const startedAt = performance.now();
  try {
    const reply = await ask(AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]));
    const { usage, costUsd, durationMs } = reply;
    return {
      role,
      model: reply.model,
      outcome: 'answered',
      latencyMs: durationMs,
      usage,
      costUsd,
      message: 'answered',
    };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = toAppError(thrown);
    const latencyMs = performance.now() - startedAt;
    if (error.code === 'no_recording') {
      return { ...nothing, latencyMs, outcome: 'reachable', message: 'reachable; answers recordings only' };
    }
    // Our own limit shows as an abort, since the signal is all that the adapter saw.
    const late = error.code === 'aborted' ? lateAnswer() : error;
    return { ...nothing, latencyMs, outcome: 'failed', message: late.userMessage };
  }
}

function lateAnswer(): AppError {
  const message = `No answer within ${LIMIT_MS / 1000} seconds. Check the address and the network.`;
  return new AppError({ code: 'timeout', message });
}
