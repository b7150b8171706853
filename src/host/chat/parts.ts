import type { Gate } from '../../protocol/events.ts';
import type { CommandName } from '../ids.ts';

/** Opens a brief of the chat in the form; registered with the chat, and no command of the palette. */
export const OPEN_BRIEF_COMMAND = 'orchestrator.chat.openBrief';

/** What an answer in the chat is made of, without the editor. */
export type ChatPart =
  | { kind: 'text'; markdown: string }
  | { kind: 'button'; command: CommandName; title: string; target: ChatTarget };

/** What a command is about, as rows of the trees name it. */
export interface ChatTarget {
  runId: string;
  gate?: Gate;
  topic?: string;
  waitOn?: string;
}
