import { t } from '../l10n.ts';
import { part } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { forgeSign } from '../progress/words.ts';
import { ask, bridge, runId } from '../store.ts';
import { Button } from '../ui/button.tsx';
import { Section } from '../ui/section.tsx';
import { Lines } from './output-view.tsx';

const workflow = part('workflow');

/** The workflow that ran on the merged commit, its jobs, and the log of those that failed. Not shown without one. */
export function WorkflowPanel() {
  const id = runId.value;
  const run = workflow.value;
  if (run === null || id === null) return null;
  return (
    <Section
      title={t('Workflow')}
      note={run.workflow}
      class="workflow"
      actions={
        <Button icon="link" onClick={() => ask(bridge.call('open', { target: { kind: 'workflow', runId: id } }))}>
          {t('Open workflow run')}
        </Button>
      }
    >
      <p>
        <SignLabel sign={forgeSign(run.state)} />
      </p>
      {run.jobs.length === 0 ? null : (
        <ul class="checks">
          {run.jobs.map(({ name, state }, index) => (
            <li key={`${name}-${index}`} class="check-line">
              <SignLabel sign={forgeSign(state)} />
              <span class="check-name">{name}</span>
            </li>
          ))}
        </ul>
      )}
      {run.logTail.trim() === '' ? null : (
        <>
          <h3>{t('Log of what failed')}</h3>
          <Lines text={run.logTail} label={t('Log of {0}', run.workflow)} />
        </>
      )}
    </Section>
  );
}
