import type { ConsoleMethod, ConsoleParams, ConsoleResults, ConsoleTab } from '../../src/protocol/console.ts';
import type { RunView } from '../../src/protocol/view.ts';
import { sampleDraft } from './samples.ts';

export type Handlers = {
  [M in ConsoleMethod]?: (
    params: (typeof ConsoleParams)[M]['_output'],
  ) => ConsoleResults[M] | Promise<ConsoleResults[M]>;
};

function summaryOf(view: RunView) {
  const { runId, status, stage, startedAt } = view;
  return { runId, name: view.brief?.name ?? runId, status, stage, startedAt, waiting: view.waiting.length };
}

/** What the host of a page answers when the test says nothing else: the form as it is kept, and these runs. */
export function answersOf(views: readonly RunView[], tab: ConsoleTab): Required<Handlers> {
  return {
    ready: () => ({
      tab,
      runId: views[0]?.runId ?? null,
      draft: sampleDraft(),
      runs: views.map(summaryOf),
      folders: ['/home/ada/projects/guestbook'],
      isTrusted: true,
    }),
    watch: ({ runId }) => views.find((view) => view.runId === runId) ?? null,
    shown: () => null,
    saveDraft: () => null,
    clearDraft: () => sampleDraft({ name: '', description: '', requirements: [], constraints: [] }),
    checkDraft: () => ({
      check: { ok: false, problems: [] },
      problems: [],
      estimate: null,
    }),
    importBrief: () => null,
    chooseFolder: () => null,
    start: () => ({ runId: views[0]?.runId ?? 'run-1' }),
    dispatch: ({ intent }) => ({ runId: 'runId' in intent ? intent.runId : 'run-1' }),
    open: () => null,
    output: () => '',
    copy: () => null,
    command: () => null,
  };
}
