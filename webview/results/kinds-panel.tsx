import { computed } from '@preact/signals';
import { fileKind } from '../../src/protocol/file-order.ts';
import { t } from '../l10n.ts';
import { countFiles } from '../progress/counts.ts';
import { part, subtaskList } from '../progress/selectors.ts';
import { SignLabel } from '../progress/sign-label.tsx';
import { outcomeSign } from '../progress/words.ts';
import { runId } from '../store.ts';
import { Capped } from '../ui/capped.tsx';
import { Section } from '../ui/section.tsx';
import { FileRow } from './files-panel.tsx';
import { evidenceGroups, isTestRun, testCounts } from './result-facts.ts';

const diff = part('diff');
const merged = part('integrationEvidence');
const documents = computed(() => (diff.value?.files ?? []).filter(({ path }) => fileKind(path) === 'documentation'));
const tests = computed(() => (diff.value?.files ?? []).filter(({ path }) => fileKind(path) === 'test'));
const testRuns = computed(() =>
  evidenceGroups(merged.value ?? [], subtaskList.value, t('Integrated work')).flatMap(({ title, evidence }) =>
    evidence.filter(isTestRun).map((run) => ({ title, run })),
  ),
);
const SHOWN = 30;

export function DocumentationPanel() {
  const run = runId.value;
  return (
    <Section
      title={t('Documentation')}
      note={documents.value.length === 0 ? undefined : countFiles(documents.value.length)}
    >
      {documents.value.length === 0 || run === null ? (
        <p class="muted">{t('No documentation among the changes.')}</p>
      ) : (
        <Capped items={documents.value} step={SHOWN} class="file-list flat">
          {(file) => <FileRow key={file.path} run={run} file={file} isWhole />}
        </Capped>
      )}
    </Section>
  );
}

/** The test files of the changes, and what the checks that run tests said. */
export function TestsPanel() {
  const run = runId.value;
  return (
    <Section
      title={t('Tests')}
      note={tests.value.length === 0 ? undefined : countFiles(tests.value.length)}
      class="tests"
    >
      {testRuns.value.length === 0 ? (
        <p class="muted">{t('No check has run tests yet.')}</p>
      ) : (
        <Capped items={testRuns.value} step={SHOWN} class="checks">
          {({ title, run: { name, outcome, outputTail } }, index) => {
            const counts = testCounts(outputTail);
            return (
              <li key={`${title}-${name}-${index}`} class="check-line">
                <SignLabel sign={outcomeSign(outcome)} />
                <span class="check-name">
                  {title}: {name}
                </span>
                {counts === null ? null : (
                  <span class="muted number">{t('{0} passed, {1} failed', counts.passed, counts.failed)}</span>
                )}
              </li>
            );
          }}
        </Capped>
      )}
      {tests.value.length === 0 || run === null ? (
        <p class="muted">{t('No test file among the changes.')}</p>
      ) : (
        <Capped items={tests.value} step={SHOWN} class="file-list flat">
          {(file) => <FileRow key={file.path} run={run} file={file} isWhole />}
        </Capped>
      )}
    </Section>
  );
}
