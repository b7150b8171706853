import type { RecordedCall, Recording } from './recordings.ts';

/** The parts of a conversation that say which recording answers it. */
export interface Conversation {
  messages: readonly { role: string; content: unknown }[];
}

export type Answer =
  | { kind: 'lead'; key: string; text: string }
  | { kind: 'agent'; key: string; text: string; calls: readonly RecordedCall[] }
  | { kind: 'missing'; key: string; message: string };

const AGENT_HEAD = /^Project: (?<project>.+)\r?\nSubtask: (?<subtask>\S+)[ \t]*(?:\r?\nRequest: (?<request>\S+))?/;
const LEAD_HEAD = /^Project: (?<project>.+)\r?\nRequest: (?<request>.+)/;
const REVIEW = /^review (?<subtask>\S+) round (?<round>\d+)$/;

/** Text of a message, whatever its form. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) =>
      typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string' ? part.text : '',
    )
    .join('');
}

/**
 * Finds what was recorded for a conversation. An agent's conversation names its subtask in the first user message and
 * its turn is the number of assistant messages so far; a question to the lead names the request in the last user message.
 * Nothing is ever made up: what has no recording is `missing`, with a message for the person.
 */
export function findAnswer(recordings: readonly Recording[], conversation: Conversation): Answer {
  const userTexts = conversation.messages.filter((m) => m.role === 'user').map((m) => textOf(m.content).trimStart());
  const agent = AGENT_HEAD.exec(userTexts[0] ?? '')?.groups;
  const lead = LEAD_HEAD.exec(userTexts.at(-1) ?? '')?.groups;
  const project = (agent ?? lead)?.project?.trim();
  if (project === undefined) return missing(recordings, 'unknown', 'a request that names no project');

  const recording = recordings.find((r) => r.brief.name === project);
  if (recording === undefined) return missing(recordings, short(project), `the project "${short(project)}"`);
  if (agent !== undefined) {
    const request = agent.request;
    const name = request === undefined ? `${agent.subtask}` : `${agent.subtask}:${request}`;
    const turn = conversation.messages.filter((m) => m.role === 'assistant').length;
    return agentAnswer(recordings, recording, name, turn);
  }
  return leadAnswer(recordings, recording, lead?.request?.trim() ?? '');
}

function agentAnswer(recordings: readonly Recording[], recording: Recording, name: string, turn: number): Answer {
  const recorded = Object.hasOwn(recording.agents, name) ? recording.agents[name]?.[turn] : undefined;
  const key = `${recording.folder}/${short(name)}#${turn}`;
  if (recorded !== undefined) return { kind: 'agent', key, text: recorded.text, calls: recorded.calls };
  return missing(recordings, key, `turn ${turn + 1} of "${short(name)}" in "${recording.brief.name}"`);
}

function leadAnswer(recordings: readonly Recording[], recording: Recording, request: string): Answer {
  const key = `${recording.folder}/${short(request)}`;
  const value = recordedForLead(recording, request);
  if (value !== undefined) return { kind: 'lead', key, text: JSON.stringify(value) };
  return missing(recordings, key, `the request "${short(request)}" in "${recording.brief.name}"`);
}

function recordedForLead({ lead }: Recording, request: string): unknown {
  if (request === 'clarify') return lead.clarify;
  if (request === 'plan') return lead.plan;
  const review = REVIEW.exec(request)?.groups;
  const subtask = review?.subtask ?? '';
  return Object.hasOwn(lead.reviews, subtask) ? lead.reviews[subtask]?.[Number(review?.round) - 1] : undefined;
}

function missing(recordings: readonly Recording[], key: string, what: string): Answer {
  return { kind: 'missing', key, message: noRecordingMessage(recordings, what) };
}

/** What a person reads when the local cloud has no answer, and what to do about it. */
export function noRecordingMessage(recordings: readonly Recording[], what: string): string {
  const names = recordings.map((r) => `"${r.brief.name}"`).join(', ');
  return (
    `The local cloud answers only recorded conversations, those of its samples ${names}; it has none for ${what}. ` +
    'To build your own project, connect real models: set XAI_API_KEY and ANTHROPIC_API_KEY, or set XAI_BASE_URL and ' +
    'ANTHROPIC_BASE_URL to any OpenAI-compatible and any Anthropic-compatible server.'
  );
}

/** Names come from outside and end up in messages and the journal. */
function short(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
