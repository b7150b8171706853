import assert from 'node:assert/strict';
import { aBrief, aSubtask } from '../../../test/fakes/plan.ts';
import { aRun, ENGLISH, integrated, START_MS, started, waits, withEvents } from '../trees/testing.ts';
import { approveParts } from './approve-parts.ts';
import { askForBrief, type Turn } from './ask-for-brief.ts';
import { BriefForForm, briefMarkdown, briefOfWords, parseBriefAnswer } from './brief-draft.ts';
import { escaped, shortened } from './markdown.ts';
import type { ChatPart } from './parts.ts';
import { RunStatusInput, statusJson, withoutPlaces } from './status-json.ts';
import { statusParts } from './status-parts.ts';

const NOW_MS = START_MS + 90_000;
const text = (parts: readonly ChatPart[]) => parts.map((part) => (part.kind === 'text' ? part.markdown : '')).join('');
const buttons = (parts: readonly ChatPart[]) => parts.flatMap((part) => (part.kind === 'button' ? [part] : []));

describe('text in Markdown', () => {
  it('stays text, whatever marks it holds', () => {
    const evil = '[run](command:orchestrator.approvePlan) <img src=x> **b** `c`\n# h\n- https://a.b';
    assert.equal(
      escaped(evil).replace(/\\[!-/:-@[-`{-~]/g, ''),
      'runcommandorchestratorapprovePlan img srcx b c  h  httpsab',
    );
    assert.doesNotMatch(escaped(evil), /\n|(?<!\\)[[\]()<>*`#]/);
  });

  it('is cut before it is escaped, so that no mark is cut in half', () => {
    assert.equal(shortened('a*b*c*d', 4), 'a\\*b…');
  });
});

describe('/status', () => {
  it('says how the runs stand, unfinished ones first, with a button for each wait', () => {
    const over = withEvents(aRun('r2'), { type: 'run.cancelled' });
    const open = withEvents(
      aRun('r1', [aSubtask('api'), aSubtask('page')]),
      started('api'),
      integrated('api', 'a.js'),
      waits('plan', { message: 'Is it *good*?' }),
      waits('resume', { code: 'auth', topic: 'resume:x' }),
    );
    const parts = statusParts(ENGLISH, [over, open], NOW_MS);
    const [first = '', second = ''] = text(parts).split('\n\n');
    assert.match(
      first,
      /^\*\*Run r1\*\*: waiting, building, 1 of 2 integrated, \\\$0\\\.00 of \\\$5\\\.00\n- \*\*Approve the plan/,
    );
    assert.match(first, /Is it \\\*good\\\*\\\?/);
    assert.match(second, /^\*\*Run r2\*\*: cancelled/);
    assert.deepEqual(
      buttons(parts).map(({ command, target }) => [command, target.runId, target.topic]),
      [
        ['showPlan', 'r1', 'plan:1'],
        ['resume', 'r1', 'resume:x'],
      ],
    );
  });

  it('says how to begin when there is no run, and counts the oldest of many', () => {
    assert.match(text(statusParts(ENGLISH, [], NOW_MS)), /no runs/);
    const many = Array.from({ length: 11 }, (_, n) => aRun(`r${n}`));
    assert.match(text(statusParts(ENGLISH, many, NOW_MS)), /Older runs\\: 3/);
  });
});

describe('/approve', () => {
  it('shows what would be approved, and leaves it to the commands', () => {
    const plan = withEvents(aRun('r1', [aSubtask('api')]), waits('plan'));
    const files = [{ path: 'a.js', status: 'added' as const, addedLines: 4, removedLines: 1 }];
    const diff = withEvents(
      aRun('r2'),
      { type: 'diff.proposed', baseCommit: 'a', commit: 'b', files },
      waits('diff', { waitOn: 'r2' }),
      waits('resume', { waitOn: 'r2' }),
    );
    const parts = approveParts(ENGLISH, [plan, diff], NOW_MS);
    assert.match(text(parts), /A plan\\\.\n {2}- Build api\n/);
    assert.match(text(parts), /1 files\\: 4 lines added\\, 1 removed/);
    assert.deepEqual(
      buttons(parts).map(({ command, target }) => `${target.runId} ${command} ${target.gate}`),
      ['r1 approvePlan plan', 'r1 showPlan plan', 'r2 reviewChanges diff', 'r2 acceptAll diff'],
    );
  });

  it('names what a deployment would lose, and decides nothing itself', () => {
    const changes = [
      { action: 'delete', kind: 'column', id: 'crew/tasks/title', detail: '3 rows', destructive: true },
      { action: 'create', kind: 'site', id: 'web', detail: '', destructive: false },
    ] as const;
    const view = withEvents(
      aRun('r1'),
      { type: 'deployment.previewed', changes: [...changes], irreversible: [] },
      waits('deployment'),
    );
    const parts = approveParts(ENGLISH, [view], NOW_MS);
    assert.match(text(parts), /delete column crew.*title.*3 rows/);
    assert.doesNotMatch(text(parts), /site web/);
    assert.deepEqual(
      buttons(parts).map(({ command, target }) => `${command} ${target.gate}`),
      ['decideDeployment deployment', 'showDashboard deployment'],
    );
    assert.deepEqual(
      buttons(statusParts(ENGLISH, [view], NOW_MS)).map(({ command }) => command),
      ['decideDeployment'],
    );
    const { run } = JSON.parse(statusJson([view], { runId: 'r1' }));
    assert.deepEqual(run.wouldLose, [{ action: 'delete', kind: 'column', id: 'crew/tasks/title' }]);
  });

  it('says so when nothing waits', () => {
    const parts = approveParts(ENGLISH, [withEvents(aRun('r1'), waits('resume'))], NOW_MS);
    assert.deepEqual([text(parts), buttons(parts)], ['Nothing waits for your approval\\.', []]);
  });
});

describe('/start', () => {
  const good = JSON.stringify(aBrief());

  it('takes the brief out of an answer, whatever is said around it', async () => {
    const brief = await askForBrief('a page', async () => `Here:\n\`\`\`json\n${good}\n\`\`\``);
    assert.deepEqual(brief, aBrief());
  });

  it('says once what does not fit', async () => {
    const asked: Turn[][] = [];
    const answers = ['{"name": "x"}', good];
    const brief = await askForBrief('a page', async (turns) => {
      asked.push([...turns]);
      return answers.shift() ?? assert.fail();
    });
    assert.equal(brief?.name, 'Sample');
    assert.deepEqual(
      asked[1]?.map(({ role }) => role),
      ['user', 'assistant', 'user'],
    );
    assert.match(asked[1]?.[2]?.text ?? '', /requirements/);
  });

  it('gives up after the second answer', async () => {
    let asked = 0;
    const brief = await askForBrief('a page', async () => {
      asked += 1;
      return 'I cannot.';
    });
    assert.deepEqual([brief, asked], [null, 2]);
    assert.equal(parseBriefAnswer('}{').ok, false);
  });

  it('puts the words into the form when there is no model', () => {
    const brief = briefOfWords('  A guest book with a page. It keeps names.\n');
    assert.equal(brief.name, 'A guest book with a page');
    assert.equal(brief.description, 'A guest book with a page. It keeps names.');
    assert.deepEqual(BriefForForm.parse(brief), brief);
    const long = briefOfWords('word '.repeat(100)).name;
    assert.ok(long.length <= 60 && long.endsWith('word'), long);
    assert.equal(briefOfWords('?').name, '?');
  });

  it('shows the brief as text', () => {
    const markdown = briefMarkdown(ENGLISH, aBrief({ requirements: ['[x](command:y)'], constraints: [] }));
    assert.match(markdown, /- \\\[x\\\]\\\(command\\:y\\\)/);
    assert.doesNotMatch(markdown, /Constraints/);
  });
});

describe('the status tool', () => {
  it('answers with all runs, or with more about one', () => {
    const view = withEvents(aRun('r1'), started('api'), waits('diff'));
    const all = JSON.parse(statusJson([view, aRun('r2')], {}));
    assert.deepEqual(
      all.runs.map((run: { runId: string; status: string; waiting: unknown[] }) => [
        run.runId,
        run.status,
        run.waiting.length,
      ]),
      [
        ['r1', 'waiting', 1],
        ['r2', 'running', 0],
      ],
    );
    const one = JSON.parse(statusJson([view], { runId: 'r1' }));
    assert.equal(one.run.subtasks[0].agentId, 'backend-1');
    assert.match(JSON.parse(statusJson([view], { runId: 'gone' })).error, /no run/);
  });

  it('names no place outside the project', () => {
    const message =
      'See /home/me/.state/runs/x.txt, C:\\Users\\me\\x and ~/a/b; src/api/a.js, https://a.example/b/c stay.';
    const view = withEvents(aRun('r1'), waits('resume', { message }));
    assert.doesNotMatch(statusJson([view], {}), /home|Users|\/project/);
    assert.equal(withoutPlaces(message), 'See (path), (path) and (path); src/api/a.js, https://a.example/b/c stay.');
  });

  it('refuses input that it does not know', () => {
    assert.equal(RunStatusInput.safeParse({ runId: 1 }).success, false);
    assert.equal(RunStatusInput.safeParse({ other: 'x' }).success, false);
  });
});
