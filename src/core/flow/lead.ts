import type * as z from 'zod';
import { AppError } from '../../protocol/errors.ts';
import type { Ctx, StepContext } from '../engine/port.ts';
import type { LeadExchange } from '../ports.ts';
import { leadInstructions } from './lead-prompts.ts';
import { pausable } from './pause.ts';
import { firstFaults } from './plan-rules.ts';
import type { RunPolicy } from './policy.ts';
import type { Services } from './services.ts';
import { strictJsonSchema } from './strict-schema.ts';

/** An answer of the lead: the value when it fits the schema, else the faults; always the exchange, for a repair turn. */
export type LeadAnswer<T> = { exchange: LeadExchange } & ({ ok: true; value: T } | { ok: false; faults: string[] });

export interface LeadQuestion<T> {
  /** `plan`, `review api round 1` …: second line of the input, after the project's name. */
  request: string;
  projectName: string;
  body: string;
  schemaName: string;
  schema: z.ZodType<T>;
  history: LeadExchange[];
  subtaskId: string | null;
  maxOutputTokens: number;
}

/** One paid question as a durable step. Model output is data: parsed here, never trusted. */
export async function askLead<T>(
  ctx: Ctx,
  services: Services,
  policy: RunPolicy,
  stepName: string,
  question: LeadQuestion<T>,
): Promise<LeadAnswer<T>> {
  const input = `Project: ${question.projectName}\nRequest: ${question.request}\n\n${question.body}`;
  const ask = async (s: StepContext) => {
    const answer = await services.calls.askLead(
      {
        conversation: ctx.rootRunId,
        purpose: question.request,
        model: policy.lead.model,
        effort: policy.lead.effort,
        instructions: leadInstructions,
        history: question.history,
        input,
        schemaName: question.schemaName,
        schema: strictJsonSchema(question.schema),
        maxOutputTokens: question.maxOutputTokens,
      },
      modelCall(ctx, s, question.subtaskId, null),
    );
    s.conclude('called', {
      type: 'model.called',
      role: 'lead',
      purpose: question.request,
      subtaskId: question.subtaskId,
      agentId: null,
      provider: answer.provider,
      model: answer.model,
      usage: answer.usage,
      costUsd: answer.costUsd,
      durationMs: answer.durationMs,
    });
    return { text: answer.text, output: answer.output };
  };
  const reply = await pausable(ctx, stepName, ask, { durability: 'soon' });
  const exchange = { input, output: reply.output };
  const parsed = parseJson(reply.text);
  if (parsed === undefined) return { exchange, ok: false, faults: ['The answer is not JSON.'] };
  const checked = question.schema.safeParse(parsed);
  if (checked.success) return { exchange, ok: true, value: checked.data };
  const faults = checked.error.issues.map((issue) => `${issue.path.join('.') || 'answer'}: ${issue.message}`);
  return { exchange, ok: false, faults: firstFaults(faults) };
}

/** The same with one repair turn that quotes the faults; then the step fails with a readable error. */
export async function askLeadOrRepair<T>(
  ctx: Ctx,
  services: Services,
  policy: RunPolicy,
  stepName: string,
  question: LeadQuestion<T>,
): Promise<T> {
  const first = await askLead(ctx, services, policy, stepName, question);
  if (first.ok) return first.value;
  const second = await askLead(ctx, services, policy, `${stepName}-repair`, {
    ...question,
    history: [...question.history, first.exchange],
    body: repairBody(first.faults),
  });
  if (second.ok) return second.value;
  throw new AppError({
    code: 'malformed',
    message: `the lead's answer to "${question.request}" does not fit: ${second.faults.join('; ')}`,
    userMessage: `The lead model answered "${question.request}" twice in a form that cannot be used: ${second.faults.slice(0, 5).join('; ')}. Try another lead model or a higher effort.`,
  });
}

export function repairBody(faults: readonly string[]): string {
  return `Your answer cannot be used as it is:\n${faults.map((fault) => `- ${fault}`).join('\n')}\n\nGive the whole answer again, corrected. Change nothing else.`;
}

/** What the model-call policy needs to know about the step in which it runs. */
export function modelCall(ctx: Ctx, s: StepContext, subtaskId: string | null, agentId: string | null) {
  let retries = 0;
  return {
    rootRunId: ctx.rootRunId,
    callKey: `${s.key}@${s.attempt}`,
    signal: s.signal,
    subtaskId,
    agentId,
    onRetry: (fields: Parameters<Parameters<Services['calls']['askLead']>[1]['onRetry']>[0]) => {
      retries += 1;
      s.emit(`retry-${s.attempt}-${retries}`, { type: 'model.retried', ...fields });
    },
  };
}

/** The first JSON value of a text; models sometimes wrap it in a fence. Undefined when there is none. */
function parseJson(text: string): unknown {
  const fenced = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text);
  try {
    return JSON.parse(fenced?.[1] ?? text);
  } catch {
    return undefined;
  }
}
