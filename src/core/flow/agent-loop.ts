import type { AgentTurnReply, ToolSpec } from '../ports.ts';
import { CUT, finishTool } from './agent-prompts.ts';
import { type AgentTalk, addResults, addTurn, isGoingRound, say } from './agent-talk.ts';
import { modelCall } from './lead.ts';
import { runTools } from './run-tools.ts';
import type { Services } from './services.ts';
import { answerUnrun, hearKept, hearSetback, isSetback, type Kept } from './setbacks.ts';
import { type AgentDesk, atWork, beginSaving, keepOrTell, takeSaved, tellSaved } from './work-in-progress.ts';

/**
 * Invariants:
 * 1. A model turn is journalled as soon as it ends; tool calls are a step of their own. A resume never asks a finished turn
 *    again, and a tool step that was cut starts from the commit before it.
 * 2. The commit of a change begins when the tools have ended and goes on while the model is being asked. The turn that follows
 *    names it when it is there by then; otherwise a step of its own does. Tools never run before it is there.
 * 3. The worktree is made while the model is asked for the first time, and is there before the first tools run.
 * 4. Calls of a turn that was cut off are never run.
 * 5. What the agent can mend when its work is not saved (`setbacks.ts`) it is told before anything else; the calls that it
 *    made meanwhile are not run. Until git takes the files, the worktree is the only place of its work and is never reset.
 */
const MAX_OUTPUT_TOKENS = 16_000;
const NUDGES = 2;

/** Lets the agent work until it calls finish. Null: it did not come to an end within the limits. */
export async function letAgentWork(desk: AgentDesk, talk: AgentTalk): Promise<string | null> {
  let nudges = 0;
  // Whoever let it work before has seen to it that everything was saved.
  talk.isRefused = false;
  talk.refusals = 0;
  if (!talk.dirty) talk.changes = [];
  while (talk.turns < talk.turnLimit) {
    const index = talk.turns;
    const reply = await takeTurn(desk, talk, index);
    // The answer is paid and on record; what stands in the way of saving is waited out on its own.
    const kept = reply.isUnsaved
      ? await atWork(desk, `save-${index}`, (s) => keepOrTell(desk, talk, s), { durability: 'process' })
      : reply.commit;
    await endPreparation(desk);
    addTurn(talk, reply.content);
    if (isSetback(kept)) {
      // Nothing may be said between the parts of an answer; it is found out again with the next one.
      if (reply.stop === 'paused') continue;
      answerUnrun(talk, reply.toolCalls);
      hearSetback(talk, kept);
      continue;
    }
    // What git refused and nobody has changed since was not tried again.
    if (!talk.isRefused) hearKept(talk, kept);
    if (reply.stop === 'paused') continue;
    if (reply.toolCalls.length === 0) {
      nudges += 1;
      if (reply.stop === 'end' && nudges > NUDGES) return reply.text;
      say(talk, reply.stop === 'truncated' ? CUT : 'Go on with the tools, or call finish when the subtask is done.');
      continue;
    }
    const done = await runTools(desk, talk, index, reply);
    talk.dirty ||= done.changed;
    talk.changes.push(...(done.changes ?? []));
    if (done.changed) talk.isRefused = false;
    talk.littered = false;
    addResults(talk, done.results, done.note);
    if (done.setback) {
      hearSetback(talk, done.setback);
      continue;
    }
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
  await atWork(
    desk,
    'worktree',
    async (s) => {
      await preparation.end(s.signal);
      return null;
    },
    { durability: 'process' },
  );
  desk.preparation = null;
}

type Turn = Pick<AgentTurnReply, 'content' | 'toolCalls' | 'stop' | 'text'> & {
  commit: Kept;
  /** The model had answered before the commit was there; `commit` is null then. */
  isUnsaved?: true;
};

function takeTurn(desk: AgentDesk, talk: AgentTalk, index: number): Promise<Turn> {
  const { ctx, services } = desk;
  return atWork(
    desk,
    `turn-${index}`,
    async (s): Promise<Turn> => {
      if (!desk.seat.isTaken) {
        // It may take long, and what the tools have changed is not in a commit yet.
        if (talk.dirty && !talk.isRefused) desk.saving ??= beginSaving(desk, talk);
        await desk.seat.take(s.signal);
      }
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
      if (talk.dirty && !talk.isRefused) desk.saving ??= beginSaving(desk, talk);
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
      return isSaved
        ? { ...answer, commit: await takeSaved(desk, talk, s) }
        : { ...answer, commit: null, isUnsaved: true };
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
