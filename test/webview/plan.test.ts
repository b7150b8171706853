import assert from 'node:assert/strict';
import { AppError } from '../../src/protocol/errors.ts';
import { type ConsolePageOptions, THEMES } from './page.ts';
import { firstIntent, sent, usePages } from './pages.ts';
import {
  atPlan,
  atQuestions,
  planGate,
  recordsOf,
  sampleDraft,
  sampleEstimate,
  sampleNeeds,
  samplePlan,
  sampleSubtask,
  viewOf,
} from './samples.ts';

describe('the plan in a browser', function () {
  this.timeout(120_000);
  const open = usePages();

  const states: { name: string; options: ConsolePageOptions }[] = [
    { name: 'a plan that waits', options: { tab: 'plan', views: [viewOf(atPlan())] } },
    { name: 'questions', options: { tab: 'plan', views: [viewOf(atQuestions())] } },
    { name: 'no run', options: { tab: 'plan' } },
  ];
  for (const { name, options } of states) {
    it(`has nothing that axe finds, in any theme, wide and narrow: ${name}`, async () => {
      for (const widthPx of [1000, 320]) {
        const one = await open({ ...options, widthPx });
        if (name === 'a plan that waits') {
          await one.page.locator('.subtask-toggle').first().click();
          for (const summary of await one.page.locator('.needs summary').all()) await summary.click();
        }
        for (const theme of THEMES) {
          await one.setTheme(theme);
          assert.deepEqual(await one.axe(), [], `${theme}, ${widthPx} px`);
        }
        assert.equal(await one.page.evaluate('document.documentElement.scrollWidth'), widthPx, 'no sideways scrolling');
        assert.deepEqual(one.complaints, []);
      }
    });
  }

  it('says what is deployed: tables with their columns, functions with what starts them, own domains', async () => {
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())] });
    const part = one.page.locator('section', { has: one.page.getByRole('heading', { name: 'What is deployed' }) });
    const shown = (text: string) => part.getByText(text, { exact: true }).isVisible();
    // More than a glance: folded at first.
    assert.equal(await part.locator('details[open]').count(), 0);
    assert.ok(await part.getByText('3 columns · 1 index').isVisible());
    for (const summary of await part.locator('summary').all()) await summary.click();
    for (const text of [
      'varchar(2000)',
      'enum (new | shown)',
      'relationship → visitors (manyToOne, cascade, back: entries)',
      'newest: key ($createdAt desc)',
      'read("any"), create("users")',
      'Rows have permissions of their own, too.',
      'any',
      'databases.*.tables.entries.rows.*.create',
      '0 3 * * *',
      'api.guestbook.example',
      'www.guestbook.example',
      'api: GET /entries → 200',
    ]) {
      assert.ok(await shown(text), text);
    }
  });

  it('shows a small deployment unfolded, and none as nothing', async () => {
    const { tables, ...rest } = sampleNeeds();
    const small = { ...rest, tables: tables.slice(1), functions: [], liveChecks: [] };
    const none = { ...small, tables: [], sites: [] };
    const one = await open({ tab: 'plan', views: [viewOf(atPlan({ ...samplePlan(), deployment: small }))] });
    assert.ok(await one.page.getByText('varchar(128)').isVisible());
    const other = await open({ tab: 'plan', views: [viewOf(atPlan({ ...samplePlan(), deployment: none }))] });
    await other.page.getByRole('heading', { name: 'The whole', exact: true }).waitFor();
    assert.equal(await other.page.getByRole('heading', { name: 'What is deployed' }).count(), 0);
  });

  it('approves a plan as it is, for the wait that was shown', async () => {
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())] });
    await one.page.getByRole('button', { name: 'Approve' }).click();
    const intent = { type: 'approve', runId: 'run-guestbook', gate: 'plan', topic: 'plan:0', waitOn: 'run-guestbook' };
    assert.deepEqual(sent(one, 'dispatch')[0]?.params, { intent });
  });

  it('approves a changed plan with its changes, and shows why it is refused', async () => {
    const faults = ['Subtask "api" owns "x", which is not in the repository.'];
    const refuse = () => {
      throw new AppError({ code: 'plan_invalid', message: 'no', userMessage: 'No.', details: { faults } });
    };
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())], handlers: { dispatch: refuse } });
    await one.page.locator('#subtask-api').click();
    await one.page.getByLabel('Title').fill('Entries');
    await one.page.getByRole('button', { name: 'Approve with changes' }).click();
    await one.page
      .getByText(faults[0] ?? '')
      .first()
      .waitFor();
    const intent = firstIntent(one);
    assert.ok(intent.type === 'edit_plan');
    assert.equal(intent.plan.subtasks.find(({ id }) => id === 'api')?.title, 'Entries');
  });

  it('shows which tests may go before anything is unfolded, and lets them be taken out', async () => {
    const removesTests = ['src/api/old.test.js', 'src/api/older.test.js'];
    const [schema = sampleSubtask('schema'), ...others] = samplePlan().subtasks;
    const subtasks = [schema, ...others.map((one) => (one.id === 'api' ? { ...one, removesTests } : one))];
    const one = await open({ tab: 'plan', views: [viewOf(atPlan(samplePlan(subtasks)))] });
    const row = one.page.locator('.subtask', { has: one.page.locator('#subtask-api') });
    await row.getByText('may remove tests').waitFor();
    assert.equal(await one.page.getByText('may remove tests').count(), 1);
    await one.page.locator('#subtask-api').click();
    const paths = row.getByRole('group', { name: 'Tests it may remove' }).getByRole('textbox');
    assert.equal(await paths.count(), 2);
    assert.equal(await paths.nth(0).inputValue(), 'src/api/old.test.js');
    assert.deepEqual(await one.axe(), []);
    await paths.nth(1).fill('../older.test.js');
    await row.getByText('../older.test.js is not a path inside the repository.').waitFor();
    await paths.nth(1).fill('');
    await row.getByText('Fill in the empty path, or remove it.').waitFor();
    await paths.nth(1).press('Backspace');
    await one.page.getByRole('button', { name: 'Approve with changes' }).click();
    const intent = firstIntent(one);
    assert.ok(intent.type === 'edit_plan');
    assert.deepEqual(intent.plan.subtasks.find(({ id }) => id === 'api')?.removesTests, ['src/api/old.test.js']);
  });

  it('tells of the tests that may go when nothing can be changed, and shows a plan from before there were such', async () => {
    const plan = samplePlan([sampleSubtask('api', { removesTests: ['src/api/old.test.js'] }), sampleSubtask('page')]);
    const { removesTests: _, ...old } = sampleSubtask('page');
    Object.assign(plan, { subtasks: [plan.subtasks[0], old] });
    const one = await open({
      tab: 'plan',
      views: [
        viewOf([...atPlan(plan), { type: 'wait.ended', gate: 'plan', waitOn: 'run-guestbook', topic: 'plan:0' }]),
      ],
    });
    await one.page.locator('#subtask-api').click();
    const facts = one.page.locator('.subtask', { has: one.page.locator('#subtask-api') }).locator('.facts');
    assert.match((await facts.textContent()) ?? '', /Tests it may removesrc\/api\/old\.test\.js/);
    await one.page.locator('#subtask-page').click();
    assert.equal(await one.page.locator('.subtask.open').getByText('Tests it may remove').count(), 0);
    assert.deepEqual(one.complaints, []);
  });

  it('refuses a circle at once', async () => {
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())] });
    await one.page.locator('#subtask-schema').click();
    await one.page.getByRole('checkbox', { name: 'Checks of the whole' }).check();
    await one.page.getByText('These wait for each other').waitFor();
    const approve = one.page.getByRole('button', { name: 'Approve with changes' });
    assert.equal(await approve.getAttribute('aria-disabled'), 'true');
    await approve.click({ force: true });
    assert.equal(sent(one, 'dispatch').length, 0);
  });

  it('keeps changes over a look at another tab, and warns when a new plan comes', async () => {
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())] });
    await one.page.locator('#subtask-api').click();
    await one.page.getByLabel('Title').fill('Entries');
    await one.page.getByRole('tab', { name: 'New task' }).click();
    await one.page.getByRole('tab', { name: 'Plan' }).click();
    assert.equal(await one.page.getByLabel('Title').inputValue(), 'Entries');
    assert.match(JSON.stringify(await one.kept()), /Entries/);
    const after = atPlan().length;
    await one.records(
      recordsOf(
        [
          { type: 'wait.ended', gate: 'plan', waitOn: 'run-guestbook', topic: 'plan:0' },
          { type: 'plan.proposed', plan: samplePlan(), estimate: sampleEstimate() },
          planGate(1),
        ],
        { after },
      ),
    );
    await one.page.getByText('A new plan has come.').waitFor();
    await one.page.getByRole('button', { name: 'Take my changes over' }).click();
    await one.page.getByRole('button', { name: 'Approve with changes' }).waitFor();
  });

  it('sends the plan back with a comment', async () => {
    const one = await open({ tab: 'plan', views: [viewOf(atPlan())] });
    await one.page.getByRole('button', { name: 'Send back …' }).click();
    await one.page.getByLabel('What should be different?').fill('Fewer parts.');
    await one.page.getByRole('dialog').getByRole('button', { name: 'Send back' }).click();
    await one.page.getByRole('dialog').waitFor({ state: 'detached' });
    const intent = firstIntent(one);
    const about = { topic: 'plan:0', waitOn: 'run-guestbook' };
    assert.deepEqual(intent, { type: 'reject', runId: 'run-guestbook', comment: 'Fewer parts.', ...about });
  });

  for (const tab of ['plan', 'progress'] as const) {
    it(`answers questions with the defaults that were left, on the page ${tab}`, async () => {
      const one = await open({ tab, views: [viewOf(atQuestions())] });
      await one.page.getByLabel('May visitors change an entry').fill('Yes, for an hour.');
      await one.page.getByRole('button', { name: 'Send answers' }).click();
      const intent = firstIntent(one);
      assert.deepEqual(intent, {
        type: 'answer',
        runId: 'run-guestbook',
        answers: [
          { questionId: 'q1', text: 'Yes, for an hour.', source: 'person' },
          { questionId: 'q2', text: 'No; the owner can remove it.', source: 'default' },
        ],
      });
    });
  }

  it('draws fifty subtasks, and the keyboard goes through them', async () => {
    const many = Array.from({ length: 50 }, (_, index) =>
      sampleSubtask(`part-${index}`, { dependsOn: index < 5 ? [] : [`part-${index - 5}`, `part-${index - 4}`] }),
    );
    const one = await open({ tab: 'plan', views: [viewOf(atPlan(samplePlan(many)))] });
    assert.equal(await one.page.locator('.node').count(), 50);
    await one.page.locator('.node').first().focus();
    await one.page.keyboard.press('ArrowRight');
    await one.page.keyboard.press('ArrowDown');
    await one.page.keyboard.press('Enter');
    assert.equal(await one.page.locator('.subtask-toggle[aria-expanded="true"]').count(), 1);
    assert.equal(await one.page.locator('.node[tabindex="0"]').count(), 1);
  });

  it('approves nothing in a workspace that is not trusted', async () => {
    const untrusted = () => ({
      tab: 'plan' as const,
      runId: 'run-guestbook',
      draft: sampleDraft(),
      runs: [],
      folders: [],
      isTrusted: false,
    });
    const one = await open({ views: [viewOf(atPlan())], handlers: { ready: untrusted } });
    await one.page.getByText('This workspace is in Restricted Mode: nothing can be approved.').waitFor();
    await one.page.getByRole('button', { name: 'Approve' }).click({ force: true });
    assert.deepEqual(sent(one, 'dispatch'), []);
  });
});
