import type { Brief } from '../../protocol/brief.ts';
import { AppError } from '../../protocol/errors.ts';
import { type Answer, Clarification, Plan } from '../../protocol/plan.ts';
import type { Ctx } from '../engine/port.ts';
import type { LeadExchange, RepositoryMap, RepositoryState } from '../ports.ts';
import type { PlanDecision } from './decision.ts';
import { estimatePlan } from './estimate.ts';
import { askLead, askLeadOrRepair, repairBody } from './lead.ts';
import { clarifyBody, planBody, planRejectedBody } from './lead-prompts.ts';
import { waitAt } from './pause.ts';
import { planFaults } from './plan-rules.ts';
import type { BuildInput } from './policy.ts';
import { presentPackages } from './present-packages.ts';
import type { ProjectMap } from './present-places.ts';
import type { Services } from './services.ts';

const CLARIFY_OUTPUT_TOKENS = 4_000;
const PLAN_OUTPUT_TOKENS = 32_000;
/** Times that a person may send the plan back. */
const PLAN_VERSIONS = 10;

/** Questions that would change the plan: asked when somebody is there to answer, else answered by their defaults. */
export async function clarify(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  map: RepositoryMap | null,
): Promise<Answer[]> {
  const { questions } = await askLeadOrRepair(ctx, services, input.policy, 'clarify', {
    request: 'clarify',
    projectName: input.brief.name,
    body: clarifyBody(input.brief, map),
    schemaName: 'clarification',
    schema: Clarification,
    history: [],
    subtaskId: null,
    maxOutputTokens: CLARIFY_OUTPUT_TOKENS,
  });
  if (questions.length === 0) return [];
  await ctx.publish('questions', { type: 'questions.asked', questions });
  const given = input.askQuestions
    ? await waitAt<Answer[]>(ctx, 'answers', {
        gate: 'questions',
        topic: 'answers',
        message: `The lead asks ${questions.length} question${questions.length === 1 ? '' : 's'} before planning.`,
        code: null,
      })
    : null;
  const byId = new Map((given ?? []).map((answer) => [answer.questionId, answer]));
  const answers = questions.map(
    (q): Answer => byId.get(q.id) ?? { questionId: q.id, text: q.defaultAnswer, source: 'default' },
  );
  await ctx.publish('answered', { type: 'questions.answered', answers });
  return answers.map((answer) => ({
    ...answer,
    questionId: questions.find((q) => q.id === answer.questionId)?.text ?? answer.questionId,
  }));
}

/** A plan that the host has checked and, unless policy passes it, a person has accepted. */
export async function makePlan(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  map: ProjectMap | null,
  answers: readonly Answer[],
  state: RepositoryState,
): Promise<Plan> {
  let history: LeadExchange[] = [];
  let body = planBody(input.brief, map, answers, input.policy);
  for (let version = 0; version < PLAN_VERSIONS; version += 1) {
    const made = await planVersion(ctx, services, input, state, version, history, body);
    await ctx.publish(`proposed-${version}`, {
      type: 'plan.proposed',
      plan: made.plan,
      estimate: estimatePlan(made.plan, input.policy),
    });
    if (input.until === 'plan') return made.plan;
    const decision = await decideOrEdit(ctx, services, input, state, version);
    if (decision.decision === 'approve') return made.plan;
    if (decision.decision === 'edit') return decision.plan;
    await ctx.publish(`rejected-${version}`, { type: 'plan.rejected', comment: decision.comment });
    history = made.history;
    body = planRejectedBody(decision.comment);
  }
  throw new AppError({
    code: 'plan_invalid',
    message: `no plan was accepted in ${PLAN_VERSIONS} versions`,
    userMessage: `No plan was accepted in ${PLAN_VERSIONS} versions. Change the brief and start again.`,
  });
}

/** The person's decision. A plan that they changed is checked like the lead's, and proposed and accepted in its place. */
async function decideOrEdit(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  version: number,
): Promise<PlanDecision> {
  let decision = await decide(ctx, input, `${version}`, []);
  for (let edit = 0; decision.decision === 'edit'; edit += 1) {
    const name = `${version}-edit-${edit}`;
    const { plan } = decision;
    const faults = await allFaults(ctx, services, input, state, plan, name);
    if (faults.length === 0) {
      await ctx.publish(`proposed-${name}`, {
        type: 'plan.proposed',
        plan,
        estimate: estimatePlan(plan, input.policy),
      });
      await ctx.publish(`approved-${name}`, { type: 'plan.approved', by: 'person' });
      return decision;
    }
    await ctx.publish(`faulted-${name}`, { type: 'plan.faulted', round: edit, faults });
    decision = await decide(ctx, input, name, faults);
  }
  return decision;
}

async function decide(ctx: Ctx, input: BuildInput, name: string, faults: string[]): Promise<PlanDecision> {
  if (input.autoApprove) {
    await ctx.publish(`approved-${name}`, { type: 'plan.approved', by: 'policy' });
    return { decision: 'approve' };
  }
  const trouble = faults.length === 0 ? '' : ` As it was changed it cannot be built: ${faults.join(' ')}`;
  const decision = await waitAt<PlanDecision>(ctx, `plan-decision-${name}`, {
    gate: 'plan',
    topic: `plan:${name}`,
    message: `The plan waits for approval.${trouble}`,
    code: null,
  });
  if (decision === null) {
    throw new AppError({
      code: 'timeout',
      message: 'nobody decided about the plan',
      userMessage: 'The plan waited 30 days for a decision. Start the run again.',
    });
  }
  if (decision.decision === 'approve') await ctx.publish(`approved-${name}`, { type: 'plan.approved', by: 'person' });
  return decision;
}

interface MadePlan {
  plan: Plan;
  history: LeadExchange[];
}

/** One plan with at most one repair turn that quotes the faults. */
async function planVersion(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  version: number,
  history: LeadExchange[],
  body: string,
): Promise<MadePlan> {
  const question = {
    projectName: input.brief.name,
    schemaName: 'plan',
    schema: Plan,
    subtaskId: null,
    maxOutputTokens: PLAN_OUTPUT_TOKENS,
  };
  let exchanges = history;
  let ask = { request: 'plan', body };
  let faults: string[] = [];
  for (let round = 0; round < 2; round += 1) {
    const answer = await askLead(ctx, services, input.policy, `plan-${version}-${round}`, {
      ...question,
      ...ask,
      history: exchanges,
    });
    exchanges = [...exchanges, answer.exchange];
    faults = answer.ok
      ? await allFaults(ctx, services, input, state, answer.value, `${version}-${round}`)
      : answer.faults;
    if (answer.ok && faults.length === 0) return { plan: answer.value, history: exchanges };
    await ctx.publish(`faulted-${version}-${round}`, { type: 'plan.faulted', round, faults });
    ask = { request: `plan-repair ${round + 1}`, body: repairBody(faults) };
  }
  throw new AppError({
    code: 'plan_invalid',
    message: `the plan has faults after its repair: ${faults.join('; ')}`,
    userMessage: `The lead's plan cannot be built, also after one repair:\n${faults.map((fault) => `- ${fault}`).join('\n')}\nMake the brief more definite, or use another lead model or a higher effort.`,
    details: { faults },
  });
}

async function allFaults(
  ctx: Ctx,
  services: Services,
  input: BuildInput,
  state: RepositoryState,
  plan: Plan,
  name: string,
): Promise<string[]> {
  const faults = rulesFaults(services, input, plan, input.brief);
  if (plan.packages.length === 0) return faults;
  const unknown = await ctx.step(`packages-${name}`, async (s) => {
    const read = (path: string) => services.repository.readFile(state.repoDir, state.baseCommit, path);
    const present = await presentPackages(read);
    const added = plan.packages.filter((pkg) => !present.has(pkg.name));
    const answers = await Promise.all(
      added.map(async ({ name: pkg }) => ({ pkg, exists: await services.registry.exists(pkg, s.signal) })),
    );
    return answers.filter(({ exists }) => exists === 'no').map(({ pkg }) => pkg);
  });
  return [...faults, ...unknown.map((pkg) => `The package "${pkg}" does not exist in the registry.`)];
}

function rulesFaults(services: Services, input: BuildInput, plan: Plan, brief: Brief): string[] {
  return planFaults(plan, brief, {
    refuseCheck: (command) => services.refuseCommand(command, input.policy.checks),
  });
}
