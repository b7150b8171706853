import type { BriefDraft, ConsoleParamsOf } from '../../src/protocol/console.ts';
import { t } from '../l10n.ts';
import { ask, bridge, isTrusted, missing } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { formatMinutes, formatMoney, formatRange, formatTokens } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { estimate, isStarting, otherProblems } from './form.ts';
import { whatHappens } from './what-happens.ts';

type Command = ConsoleParamsOf<'command'>['command'];

/** What it may take and what will happen. */
export function StartPanel({ form }: { form: BriefDraft }) {
  return (
    <aside class="start-panel" aria-label={t('Estimate')}>
      <Estimate form={form} />
      <div>
        <h2>{t('What will happen')}</h2>
        <ol id="what-happens" class="steps">
          {whatHappens(form).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </div>
      <Hints form={form} />
    </aside>
  );
}

/** The button, and in one line what it does. */
export function StartBar() {
  return (
    <div class="bottom-bar">
      {otherProblems.value.map(({ message }) => (
        <Notice key={message} kind="error">
          {message}
        </Notice>
      ))}
      <div class="bottom-row">
        <p id="start-says">
          {isTrusted.value
            ? t('It begins with a plan, which you approve before anything is built.')
            : t('This workspace is in Restricted Mode. Trust it to start anything.')}
        </p>
        <Button
          kind="primary"
          type="submit"
          icon="play"
          isDisabled={!isTrusted.value}
          isBusy={isStarting.value}
          describedBy="start-says"
        >
          {isStarting.value ? t('Starting …') : t('Start')}
        </Button>
      </div>
    </div>
  );
}

function Estimate({ form }: { form: BriefDraft }) {
  const rough = estimate.value;
  const budgetUsd = Number(form.budgetUsd.replace(',', '.'));
  const isOver = rough?.costUsd != null && Number.isFinite(budgetUsd) && rough.costUsd.low > budgetUsd;
  return (
    <div>
      <h2 id="estimate">{t('Rough estimate')}</h2>
      <div aria-live="polite">
        {rough === null ? (
          <p class="muted">{t('Fill in the brief to see what it may take.')}</p>
        ) : (
          <dl class="figures">
            <dt>{t('Cost')}</dt>
            <dd>{rough.costUsd === null ? t('unknown') : formatRange(rough.costUsd, formatMoney)}</dd>
            <dt>{t('Time')}</dt>
            <dd>{formatRange(rough.wallMs, formatMinutes)}</dd>
            <dt>{t('Tokens')}</dt>
            <dd>{formatRange(rough.tokens, formatTokens)}</dd>
          </dl>
        )}
        {rough === null ? null : (
          <p class="muted small">{t('From the brief alone; the plan brings a better one before anything is built.')}</p>
        )}
        {isOver ? (
          <Notice kind="warning">{t('The budget is below the estimate: the run may stop and ask for more.')}</Notice>
        ) : null}
      </div>
    </div>
  );
}

function Hints({ form }: { form: BriefDraft }) {
  const run = (command: Command) => () => void ask(bridge.call('command', { command, runId: null }));
  if (form.local || missing.value.length === 0) return null;
  return (
    <Notice
      kind="info"
      actions={
        <>
          <Button onClick={run('startSample')}>{t('Start a sample')}</Button>
          <Button onClick={run('setKeys')}>{t('Set keys')}</Button>
          <Button onClick={run('pickModels')}>{t('Pick models')}</Button>
          <Button onClick={run('openSettings')}>{t('Open settings')}</Button>
        </>
      }
    >
      <p>{t('Not set yet: {0}. A sample runs without any of it.', missing.value.join(', '))}</p>
    </Notice>
  );
}
