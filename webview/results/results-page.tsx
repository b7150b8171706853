import { Announcer } from '../progress/announcer.tsx';
import '../progress/panels.css';
import { NoRun } from '../progress/no-run.tsx';
import { PreviewPanel } from '../progress/preview-panel.tsx';
import { RunHeader } from '../progress/run-header.tsx';
import { hasView } from '../progress/selectors.ts';
import { ActualPanel } from './actual-panel.tsx';
import { DecisionPanel } from './decision-panel.tsx';
import { DeploymentPanel } from './deployment-panel.tsx';
import { EvidencePanel } from './evidence-panel.tsx';
import { FilesPanel } from './files-panel.tsx';
import { DocumentationPanel, TestsPanel } from './kinds-panel.tsx';
import { MergesPanel } from './merges-panel.tsx';
import { OutcomePanel } from './outcome-panel.tsx';
import { PullRequestPanel } from './pull-request-panel.tsx';
import './results.css';
import { ReviewsPanel } from './reviews-panel.tsx';
import { RollbackPanel } from './rollback-panel.tsx';
import { WorkflowPanel } from './workflow-panel.tsx';

/** What came out of the run, and the proof of it. */
export function ResultsPage() {
  if (!hasView.value) return <NoRun />;
  return (
    <div class="run-page results-page">
      <RunHeader />
      <DecisionPanel />
      <OutcomePanel />
      <RollbackPanel />
      <PreviewPanel hasDecision />
      <FilesPanel />
      <EvidencePanel />
      <ReviewsPanel />
      <div class="two">
        <DocumentationPanel />
        <TestsPanel />
      </div>
      <div class="two">
        <PullRequestPanel />
        <DeploymentPanel />
      </div>
      <WorkflowPanel />
      <div class="two">
        <ActualPanel />
        <MergesPanel />
      </div>
      <Announcer />
    </div>
  );
}
