import { AppError } from '../../protocol/errors.ts';
import type { StepContext } from '../engine/port.ts';
import type { ToolCall, ToolResult } from '../ports.ts';
import { filesRefusedMessage, NOT_RUN, workGoneMessage } from './agent-prompts.ts';
import { type AgentTalk, addResults, say } from './agent-talk.ts';
import type { Services } from './services.ts';

/**
 * Why an agent's work is not saved, where it is for the agent to do something about it. JSON: steps record it, and what the
 * agent is told follows from the record.
 * - `refused`: git does not take the files as they are; `said` are its words.
 * - `gone`: the worktree is not there any more, and with it what was changed after the newest commit.
 */
export type Setback = { kind: 'refused'; said: string } | { kind: 'gone' };

/** What a step records of saving: the new commit, null when nothing differs from the one before, or why it is not saved. */
export type Kept = string | null | Setback;

/** Times in a row that an agent is told to mend what git refuses; then a person is asked. */
const MAX_REFUSALS = 3;

export function isSetback(kept: Kept): kept is Setback {
  return typeof kept === 'object' && kept !== null;
}

/** The refusal of files as a setback; null for every other failure, and when the agent has been told often enough. */
export function asSetback(talk: AgentTalk, thrown: unknown): Setback | null {
  if (!(thrown instanceof AppError) || thrown.code !== 'files_refused' || talk.refusals >= MAX_REFUSALS) return null;
  return { kind: 'refused', said: String(thrown.details?.said ?? thrown.message) };
}

/** Whose work it is, and where. */
interface Place {
  services: Pick<Services, 'log'>;
  subtaskId: string;
  agentId: string;
  worktreeDir: string;
}

/** Says it to the person: in the log of the run, and for what is lost in that of the program. */
export function reportSetback(desk: Place, talk: AgentTalk, s: StepContext, setback: Setback): void {
  const { services, subtaskId, agentId, worktreeDir } = desk;
  const lost = `lost what it had changed after commit ${talk.commit.slice(0, 12)}: its worktree is gone`;
  const [firstLine = ''] = setback.kind === 'refused' ? setback.said.split('\n') : [];
  const action = setback.kind === 'gone' ? lost : `has to mend files that git refuses: ${firstLine}`;
  s.emit(setback.kind, { type: 'subtask.acted', subtaskId, agentId, action: action.slice(0, 200), failed: true });
  if (setback.kind !== 'gone') return;
  const { commit, changes } = talk;
  services.log.warn('work of an agent is lost', { subtaskId, worktreeDir, commit, changes });
}

/** Takes what a step has recorded of saving into the conversation. */
export function hearKept(talk: AgentTalk, kept: Kept): void {
  if (isSetback(kept)) {
    hearSetback(talk, kept);
    return;
  }
  if (kept !== null) talk.commit = kept;
  settle(talk);
}

/** The worktree holds nothing that is not in `commit`. */
function settle(talk: AgentTalk): void {
  talk.dirty = false;
  talk.changes = [];
  talk.isRefused = false;
  talk.refusals = 0;
}

export function hearSetback(talk: AgentTalk, setback: Setback): void {
  if (setback.kind === 'refused') {
    say(talk, filesRefusedMessage(setback.said));
    talk.isRefused = true;
    talk.refusals += 1;
    return;
  }
  say(talk, workGoneMessage(talk.commit, talk.changes));
  settle(talk);
}

/** Calls that were made in the belief that the work was saved are answered, not run. */
export function unrun(calls: readonly ToolCall[]): ToolResult[] {
  return calls.map(({ id }) => ({ callId: id, text: NOT_RUN, isError: true }));
}

export function answerUnrun(talk: AgentTalk, calls: readonly ToolCall[]): void {
  if (calls.length > 0) addResults(talk, unrun(calls), null);
}
