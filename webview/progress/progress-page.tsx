import { AgentsPanel } from './agents-panel.tsx';
import { Announcer } from './announcer.tsx';
import { CostPanel } from './cost-panel.tsx';
import { GanttPanel } from './gantt-panel.tsx';
import { HeldNotice } from './held-notice.tsx';
import { LogPanel } from './log-panel.tsx';
import { ProblemsPanel } from './problems-panel.tsx';
import './panels.css';
import './progress.css';
import { NoRun } from './no-run.tsx';
import { WaitingPreview } from './preview-panel.tsx';
import { RunHeader } from './run-header.tsx';
import { hasView } from './selectors.ts';
import { Stepper } from './stepper.tsx';
import { SubtasksPanel } from './subtasks-panel.tsx';
import { WaitingPanel } from './waiting-panel.tsx';

/** How the run goes: every part reads only what it shows, so that an event draws one of them again, not the page. */
export function ProgressPage() {
  if (!hasView.value) return <NoRun />;
  return (
    <div class="run-page progress-page">
      <RunHeader />
      <Stepper />
      <WaitingPanel />
      <WaitingPreview />
      <HeldNotice />
      <ProblemsPanel />
      <div class="two">
        <CostPanel />
        <AgentsPanel />
      </div>
      <SubtasksPanel />
      <GanttPanel />
      <LogPanel />
      <Announcer />
    </div>
  );
}
