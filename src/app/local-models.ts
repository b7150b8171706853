import type { AgentModel, LeadModel } from '../core/ports.ts';
import { AppError, toAppError } from '../protocol/errors.ts';

/** A model of the local cloud that is not reached: not a matter of the network, but of a process that has been stopped. */
async function orStopped<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code !== 'transport') throw thrown;
    throw new AppError({
      ...error.toInfo(),
      details: error.details,
      userMessage:
        'The local cloud does not answer; it stops by itself after 30 minutes without a request. Start it with `orchestrator local start`, then resume the run.',
      cause: thrown,
    });
  }
}

export const ofLocalCloud = {
  lead: (model: LeadModel): LeadModel => ({
    ...model,
    ask: (request, signal) => orStopped(model.ask(request, signal)),
  }),
  agent: (model: AgentModel): AgentModel => ({
    ...model,
    turn: (request, signal, options) => orStopped(model.turn(request, signal, options)),
  }),
};
