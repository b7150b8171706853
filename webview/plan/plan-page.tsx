import type { Estimate, Plan } from '../../src/protocol/plan.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { t } from '../l10n.ts';
import { runId, show, view } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatMinutes, formatMoney, formatRange, formatTokens } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { QuestionsForm } from '../ui/questions-form.tsx';
import { Decision } from './decision.tsx';
import { Graph } from './graph.tsx';
import { Needs } from './needs.tsx';
import './plan.css';
import { canDecide, changedIds, plan, planWait, questionWait, selectedId } from './plan-state.ts';
import './subtasks.css';
import { SubtaskList } from './subtask-list.tsx';

/** The plan: questions before it, the graph, the subtasks, and the decision about it. */
export function PlanPage() {
  const run = view.value;
  if (run === null) return <NoRun />;
  const { value: shown } = plan;
  return (
    <div class="plan-page">
      <header>
        <h1>{run.brief?.name ?? t('Plan')}</h1>
        {shown === null ? null : <p class="prose">{shown.summary}</p>}
      </header>
      {questionWait.value === null ? null : <Questions runId={run.runId} />}
      {shown === null ? <NoPlan run={run} /> : <PlanParts run={run} plan={shown} />}
    </div>
  );
}

function Questions({ runId: id }: { runId: string }) {
  return (
    <section class="plan-section" aria-labelledby="questions-title">
      <h2 id="questions-title">{t('Questions of the lead')}</h2>
      <QuestionsForm runId={id} labelledBy="questions-title" />
    </section>
  );
}

function NoRun() {
  return (
    <div class="plan-page">
      <h1>{t('Plan')}</h1>
      {runId.value === null ? (
        <>
          <p class="muted">{t('There is no run yet. Its plan is shown here before anything is built.')}</p>
          <div>
            <Button kind="primary" onClick={() => void show('new', null)}>
              {t('New task')}
            </Button>
          </div>
        </>
      ) : (
        <p class="muted" role="status">
          {t('The run is being read …')}
        </p>
      )}
    </div>
  );
}

function NoPlan({ run }: { run: RunView }) {
  if (questionWait.value !== null) {
    return <p class="muted">{t('The plan is made when the questions are answered.')}</p>;
  }
  const isOver = run.status === 'failed' || run.status === 'cancelled';
  return (
    <>
      {isOver ? (
        <Notice kind="warning">{run.error?.userMessage ?? t('The run ended before there was a plan.')}</Notice>
      ) : (
        <p class="muted" role="status">
          {t('The lead is making the plan. It is shown here when it is ready.')}
        </p>
      )}
      {run.planFaults.length === 0 ? null : (
        <section class="plan-section">
          <h2>{t('What was wrong with the last try')}</h2>
          <ul class="bullets">
            {run.planFaults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function PlanParts({ run, plan: shown }: { run: RunView; plan: Plan }) {
  const isWaiting = planWait.value !== null;
  const stateOf = isWaiting ? null : (id: string) => run.subtasks[id]?.state ?? 'pending';
  return (
    <>
      {isWaiting ? null : (
        <p class="muted" role="status">
          {t('Nothing waits for you here: the plan can be read, not changed.')}
        </p>
      )}
      <Forecast run={run} estimate={run.estimate} />
      <section class="plan-section" aria-labelledby="graph-title">
        <h2 id="graph-title">{t('How the parts depend on each other')}</h2>
        <Graph
          subtasks={shown.subtasks}
          stateOf={stateOf}
          selectedId={selectedId.value}
          changedIds={changedIds.value}
          onSelect={(id) => {
            selectedId.value = id;
          }}
        />
      </section>
      <section class="plan-section" aria-labelledby="subtasks-title">
        <h2 id="subtasks-title">{t('Subtasks ({0})', shown.subtasks.length)}</h2>
        <SubtaskList subtasks={shown.subtasks} stateOf={stateOf} />
      </section>
      <Details plan={shown} />
      <Needs needs={shown.deployment} />
      {isWaiting || canDecide.value ? <Decision /> : null}
    </>
  );
}

function Forecast({ run, estimate }: { run: RunView; estimate: Estimate | null }) {
  if (estimate === null) return null;
  const { costUsd, wallMs, tokens } = estimate;
  const isTight = costUsd !== null && costUsd.high > run.budgetUsd;
  return (
    <section class="plan-section" aria-label={t('Estimate')}>
      <dl class="forecast">
        <div>
          <dt>{t('Estimated cost')}</dt>
          <dd>{costUsd === null ? t('unknown') : formatRange(costUsd, formatMoney)}</dd>
        </div>
        <div>
          <dt>{t('Budget')}</dt>
          <dd>{formatMoney(run.budgetUsd)}</dd>
        </div>
        <div>
          <dt>{t('Estimated time')}</dt>
          <dd>{formatRange(wallMs, formatMinutes)}</dd>
        </div>
        <div>
          <dt>{t('Tokens')}</dt>
          <dd>{formatRange(tokens, formatTokens)}</dd>
        </div>
      </dl>
      {isTight ? (
        <Notice kind="warning">
          {t('It may need more than the budget. The run stops at {0} and asks.', formatMoney(run.budgetUsd))}
        </Notice>
      ) : null}
    </section>
  );
}

function Details({ plan: { architecture, sharedInterfaces, packages, integrationChecks } }: { plan: Plan }) {
  return (
    <section class="plan-section" aria-labelledby="details-title">
      <h2 id="details-title">{t('The whole')}</h2>
      <dl class="facts">
        <dt>{t('Architecture')}</dt>
        <dd class="prose">{architecture}</dd>
        <dt>{t('Shared files, written first')}</dt>
        <dd>
          {sharedInterfaces.length === 0
            ? t('none')
            : sharedInterfaces.map(({ path, purpose }) => (
                <div key={path}>
                  <code>{path}</code> {purpose}
                </div>
              ))}
        </dd>
        <dt>{t('New packages')}</dt>
        <dd>{packages.length === 0 ? t('none') : packages.map(({ name }) => name).join(', ')}</dd>
        <dt>{t('Checks of the whole')}</dt>
        <dd>
          {integrationChecks.length === 0
            ? t('none')
            : integrationChecks.map(({ name, command }) => (
                <div key={`${name} ${command}`}>
                  {name}: <code>{command}</code>
                </div>
              ))}
        </dd>
      </dl>
    </section>
  );
}
