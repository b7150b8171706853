import type { ComponentType } from 'preact';
import type { ConsoleTab } from '../src/protocol/console.ts';
import { t } from './l10n.ts';
import { NewTask } from './new-task/new-task.tsx';
import { PlanPage } from './plan/plan-page.tsx';
import { ProgressPage } from './progress/progress-page.tsx';
import { ResultsPage } from './results/results-page.tsx';
import { runId, show, start, tab } from './store.ts';
import { Announcements } from './ui/announce.tsx';
import { FailureBanner } from './ui/failure-banner.tsx';
import { RunPicker } from './ui/run-picker.tsx';
import { Tabs } from './ui/tabs.tsx';

const PAGES: Record<ConsoleTab, ComponentType> = {
  new: NewTask,
  plan: PlanPage,
  progress: ProgressPage,
  results: ResultsPage,
};

/** The frame of the console: which run, which page, and what went wrong. */
export function Console() {
  const Page = PAGES[tab.value];
  const labels: { id: ConsoleTab; label: string }[] = [
    { id: 'new', label: t('New task') },
    { id: 'plan', label: t('Plan') },
    { id: 'progress', label: t('Progress') },
    { id: 'results', label: t('Results') },
  ];
  return (
    <div class="console">
      <header class="console-header">
        <Tabs tabs={labels} selected={tab.value} onSelect={(id) => void show(id, runId.value)} />
        <RunPicker />
      </header>
      <FailureBanner />
      <Announcements />
      <main>
        <section id="page" role="tabpanel" aria-labelledby={`tab-${tab.value}`} aria-busy={start.value === null}>
          {start.value === null ? null : <Page />}
        </section>
      </main>
    </div>
  );
}
