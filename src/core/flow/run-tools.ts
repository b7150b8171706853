import type { StepContext } from '../engine/port.ts';
import type { AgentTurnReply, ToolCall, ToolResult, ToolSession } from '../ports.ts';
import { CUT, finishTool } from './agent-prompts.ts';
import type { AgentTalk } from './agent-talk.ts';
import { reportSetback, type Setback, unrun } from './setbacks.ts';
import { type AgentDesk, atWork, beginSaving, findDesk, openDesk, setbackOf } from './work-in-progress.ts';

/** What an agent wants to be run. */
type Calls = Pick<AgentTurnReply, 'toolCalls' | 'stop'>;

interface ToolsDone {
  results: ToolResult[];
  changed: boolean;
  /** Set when the agent called finish. */
  report: string | null;
  note: string | null;
  /** Summaries of the calls that have changed something; absent in records of before it was kept. */
  changes?: string[];
  /** Nothing was run, or the end is not an end yet. */
  setback?: Setback;
}

/** Runs the calls of a turn, in order, as one step. */
export function runTools(desk: AgentDesk, talk: AgentTalk, index: number, turn: Calls): Promise<ToolsDone> {
  const { ctx, services } = desk;
  const run = async (s: StepContext, pauses: number): Promise<ToolsDone> => {
    const done: ToolsDone = { results: [], changed: false, report: null, note: null, changes: [] };
    const wasCut = s.attempt > 1 || pauses > 0;
    if (talk.dirty) {
      if (!(await findDesk(desk, talk))) return notRun(desk, talk, s, turn);
    } else {
      await openDesk(desk, talk, s.signal);
      // An earlier attempt was cut in the middle: its half-done changes go, so that the calls meet what the model saw.
      if (wasCut || talk.littered) await services.repository.resetWorktree(desk.worktreeDir, talk.commit);
    }
    for (const [callIndex, call] of turn.toolCalls.entries()) {
      done.results.push(await runCall(desk, s, turn, call, callIndex, done));
      s.signal.throwIfAborted();
    }
    const notes = services.radar.takeNotes(ctx.rootRunId, desk.subtaskId);
    if (wasCut && talk.dirty) notes.push(RUN_TWICE);
    done.note = notes.length === 0 ? null : notes.join('\n');
    // Already now: the record of this step, and the next request, take their time too.
    const isEnd = done.report !== null && (done.changed || talk.dirty);
    if (isEnd || (done.changed && desk.worktreeOpen)) desk.saving = beginSaving(desk, talk);
    const setback = isEnd ? await setbackOf(desk, talk, s) : null;
    if (done.report !== null && setback === null) {
      s.conclude('submitted', { type: 'subtask.submitted', subtaskId: desk.subtaskId, agentId: desk.agentId });
    }
    return setback === null ? done : { ...done, ...takenBack(turn, done), report: null, setback };
  };
  // Tools that the power makes run again begin at the commit before them; the next answer's record flushes this one too.
  return atWork(desk, `tools-${index}`, run, { durability: 'process' });
}

const RUN_TWICE = 'The host was stopped while these calls ran, and has run them again: some may have been run twice.';

function notRun(desk: AgentDesk, talk: AgentTalk, s: StepContext, turn: Calls): ToolsDone {
  const setback: Setback = { kind: 'gone' };
  reportSetback(desk, talk, s, setback);
  return { results: unrun(turn.toolCalls), changed: false, report: null, note: null, setback };
}

/** The results, with `finish` answered by that it is too early. */
function takenBack(turn: Calls, { results }: ToolsDone): Pick<ToolsDone, 'results'> {
  const isFinish = (callId: string) => turn.toolCalls.some(({ id, name }) => id === callId && name === finishTool.name);
  const text = 'Not finished: see the words of the host below.';
  return { results: results.map((r) => (isFinish(r.callId) ? { ...r, text, isError: true } : r)) };
}

async function runCall(
  desk: AgentDesk,
  s: StepContext,
  turn: Calls,
  call: ToolCall,
  callIndex: number,
  done: ToolsDone,
): Promise<ToolResult> {
  if (turn.stop === 'truncated') return { callId: call.id, text: CUT, isError: true };
  if (call.name === finishTool.name) {
    const report = (call.input as { report?: unknown } | null)?.report;
    done.report = typeof report === 'string' ? report : '';
    return { callId: call.id, text: 'The host now runs the checks.', isError: false };
  }
  const session = await openSession(desk);
  const outcome = await session.run(call, s.signal);
  if (outcome.changed) {
    done.changed = true;
    done.changes?.push(outcome.summary.slice(0, 200));
  }
  // A command may have taken away the worktree, or its .git: it is found, or made, again before anything is saved.
  if (outcome.changed && call.name === 'run') desk.worktreeOpen = false;
  // The last one together with the step's end: one transaction for both.
  const append = callIndex === turn.toolCalls.length - 1 ? s.conclude : s.emit;
  append(`acted-${callIndex}`, {
    type: 'subtask.acted',
    subtaskId: desk.subtaskId,
    agentId: desk.agentId,
    action: outcome.summary.slice(0, 200),
    failed: outcome.isError,
  });
  return { callId: call.id, text: outcome.text, isError: outcome.isError };
}

/** Once for a desk, which closes it. */
export async function openSession(desk: AgentDesk): Promise<ToolSession> {
  const { services, policy } = desk;
  desk.session ??= await services.tools.open({
    worktreeDir: desk.worktreeDir,
    env: desk.env,
    refuseCommand: (command) => services.refuseCommand(command, { allow: [], deny: policy.checks.deny }),
    network: policy.checks.network,
    outputDir: desk.outputDir,
  });
  return desk.session;
}
