import type { StepContext } from '../engine/port.ts';
import type { AgentTurnReply, ToolCall, ToolResult, ToolSession, ToolSpec } from '../ports.ts';
import { finishTool } from './agent-prompts.ts';
import { type AgentTalk, addResults, addTurn, isGoingRound, say } from './agent-talk.ts';
import { modelCall } from './lead.ts';
import { pausable } from './pause.ts';
import type { Services } from './services.ts';
import { type AgentDesk, beginSaving, openDesk, saveWork, takeSaved, tellSaved } from './work-in-progress.ts';

/**
 * Invariants:
 * 1. A model turn is journalled as soon as it ends; tool calls are a step of their own. A resume never asks a finished turn
 *    again, and a tool step that was cut starts from the commit before it.
 * 2. The commit of a change begins when the tools have ended and goes on while the model is being asked. The turn that follows
 *    names it when it is there by then; otherwise a step of its own does. Tools never run before it is there.
 * 3. The worktree is made while the model is asked for the first time, and is there before the first tools run.
 * 4. Calls of a turn that was cut off are never run.
 */
const MAX_OUTPUT_TOKENS = 16_000;
const NUDGES = 2;

/** Lets the agent work until it calls finish. Null: it did not come to an end within the limits. */
export async function letAgentWork(desk: AgentDesk, talk: AgentTalk): Promise<string | null> {
  let nudges = 0;
  while (talk.turns < talk.turnLimit) {
    const index = talk.turns;
    const reply = await takeTurn(desk, talk, index);
    // The answer is paid and on record; what stands in the way of saving is waited out on its own.
    const commit = reply.isUnsaved
      ? await pausable(desk.ctx, `save-${index}`, (s) => saveWork(desk, talk, s), { durability: 'process' })
      : reply.commit;
    await endPreparation(desk);
    addTurn(talk, reply.content);
    if (commit !== null) talk.commit = commit;
    talk.dirty = false;
    if (reply.stop === 'paused') continue;
    if (reply.toolCalls.length === 0) {
      nudges += 1;
      if (reply.stop === 'end' && nudges > NUDGES) return reply.text;
      say(talk, reply.stop === 'truncated' ? CUT : 'Go on with the tools, or call finish when the subtask is done.');
      continue;
    }
    const done = await runTools(desk, talk, index, reply);
    talk.dirty = done.changed;
    talk.littered = false;
    addResults(talk, done.results, done.note);
    if (done.report !== null) return done.report;
    if (isGoingRound(talk, reply.toolCalls)) {
      nudges += 1;
      if (nudges > NUDGES) return null;
      say(talk, 'You have made the same calls several times with the same result. Try something else, or call finish.');
    }
  }
  return null;
}

/** The answer is on record already: a set-up that fails waits for a person without asking for it again. */
async function endPreparation(desk: AgentDesk): Promise<void> {
  const { preparation } = desk;
  if (preparation === null) return;
  await pausable(
    desk.ctx,
    'worktree',
    async (s) => {
      await preparation.end(s.signal);
      return null;
    },
    { durability: 'process' },
  );
  desk.preparation = null;
}

const CUT = 'Your reply was cut off at its length limit and nothing of it was run. Go on in smaller steps.';

type Turn = Pick<AgentTurnReply, 'content' | 'toolCalls' | 'stop' | 'text'> & {
  commit: string | null;
  /** The model had answered before the commit was there; `commit` is null then. */
  isUnsaved?: true;
};

function takeTurn(desk: AgentDesk, talk: AgentTalk, index: number): Promise<Turn> {
  const { ctx, services } = desk;
  return pausable(
    ctx,
    `turn-${index}`,
    async (s): Promise<Turn> => {
      desk.preparation?.begin();
      const asking = services.calls.turnAgent(
        {
          model: talk.model,
          effort: talk.effort,
          prefix: desk.prefix,
          suffix: desk.suffix,
          tools: toolSpecs(services),
          messages: talk.messages,
          maxOutputTokens: MAX_OUTPUT_TOKENS,
        },
        { ...modelCall(ctx, s, desk.subtaskId, desk.agentId), fallbackModel: desk.policy.escalation.model },
      );
      if (talk.dirty) desk.saving ??= beginSaving(desk, talk);
      const { saving } = desk;
      const reply = await asking.catch(async (thrown) => {
        if (s.signal.aborted) await desk.preparation?.abandon();
        await tellSaved(desk, s);
        throw thrown;
      });
      s.conclude('called', {
        type: 'model.called',
        role: 'agent',
        purpose: `turn ${index + 1}`,
        subtaskId: desk.subtaskId,
        agentId: desk.agentId,
        provider: reply.provider,
        model: reply.model,
        usage: reply.usage,
        costUsd: reply.costUsd,
        durationMs: reply.durationMs,
      });
      const { content, toolCalls, stop, text } = reply;
      const answer = { content, toolCalls, stop, text };
      const isSaved = saving === null || saving.state === 'done';
      return isSaved ? { ...answer, commit: await takeSaved(desk, s) } : { ...answer, commit: null, isUnsaved: true };
    },
    // The next call's reservation is flushed before it is made, and this with it.
    { durability: 'soon' },
  );
}

let cachedSpecs: { of: readonly ToolSpec[]; all: readonly ToolSpec[] } | null = null;

function toolSpecs(services: Services): readonly ToolSpec[] {
  if (cachedSpecs?.of !== services.tools.specs) {
    cachedSpecs = { of: services.tools.specs, all: [...services.tools.specs, finishTool] };
  }
  return cachedSpecs.all;
}

interface ToolsDone {
  results: ToolResult[];
  changed: boolean;
  /** Set when the agent called finish. */
  report: string | null;
  note: string | null;
}

function runTools(desk: AgentDesk, talk: AgentTalk, index: number, turn: Turn): Promise<ToolsDone> {
  const { ctx, services } = desk;
  const run = async (s: StepContext, pauses: number): Promise<ToolsDone> => {
    await openDesk(desk, talk);
    // An earlier attempt was cut in the middle: its half-done changes go, so that the calls meet what the model saw.
    if (s.attempt > 1 || pauses > 0 || talk.littered)
      await services.repository.resetWorktree(desk.worktreeDir, talk.commit);
    const done: ToolsDone = { results: [], changed: false, report: null, note: null };
    for (const [callIndex, call] of turn.toolCalls.entries()) {
      done.results.push(await runCall(desk, s, turn, call, callIndex, done));
      s.signal.throwIfAborted();
    }
    const notes = services.radar.takeNotes(ctx.rootRunId, desk.subtaskId);
    done.note = notes.length === 0 ? null : notes.join('\n');
    // Already now: the record of this step, and the next request, take their time too.
    if (done.changed && desk.worktreeOpen) desk.saving = beginSaving(desk, talk);
    return done;
  };
  // Tools that the power makes run again begin at the commit before them; the next answer's record flushes this one too.
  return pausable(ctx, `tools-${index}`, run, { durability: 'process' });
}

async function runCall(
  desk: AgentDesk,
  s: StepContext,
  turn: Turn,
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
  if (outcome.changed) done.changed = true;
  // A command may have taken away the worktree, or its .git: it is found, or made, again before anything is saved.
  if (outcome.changed && call.name === 'run') desk.worktreeOpen = false;
  s.emit(`acted-${callIndex}`, {
    type: 'subtask.acted',
    subtaskId: desk.subtaskId,
    agentId: desk.agentId,
    action: outcome.summary.slice(0, 200),
    failed: outcome.isError,
  });
  return { callId: call.id, text: outcome.text, isError: outcome.isError };
}

async function openSession(desk: AgentDesk): Promise<ToolSession> {
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
