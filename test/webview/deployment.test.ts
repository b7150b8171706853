import assert from 'node:assert/strict';
import { LEAVE_OUT } from '../../src/protocol/losses.ts';
import { deployedWithDomain, previewed, reviewedAndHeld, rolledBack, workflowRun } from './deliveries.ts';
import { THEMES } from './page.ts';
import { sent, usePages } from './pages.ts';
import { recordedRun, then, upTo, viewOf } from './recording.ts';
import { sampleDraft } from './samples.ts';

const all = recordedRun();
const runId = all[0]?.runId ?? '';
const wait = { gate: 'deployment', waitOn: runId, topic: 'deployment:0' } as const;
/** Merged, previewed, and waiting for a decision about what would be lost. */
const atPreview = then(
  upTo(all, ({ type }) => type === 'pull_request.merged'),
  { type: 'stage.entered', stage: 'deploy' },
  previewed(),
  { type: 'wait.began', ...wait, message: 'Deploying would delete or lose 2 things.', code: null },
);
const delivered = then(
  all.slice(0, -1),
  ...reviewedAndHeld(),
  { type: 'workflow.ran', run: workflowRun() },
  previewed(),
  deployedWithDomain(),
  { type: 'run.completed', url: 'https://notes.test', stoppedAfter: 'deploy' },
);

describe('the pages of a deployment in a browser', function () {
  this.timeout(120_000);
  const open = usePages();
  const show = async (records: typeof all, tab: 'progress' | 'results', widthPx = 1000) => {
    const one = await open({ tab, views: [viewOf(records)], widthPx });
    await one.records(records);
    await one.page.locator('h1').waitFor();
    return one;
  };

  for (const [name, records, tab] of [
    ['a preview that waits', atPreview, 'progress'],
    ['a preview that waits, under Results', atPreview, 'results'],
    ['what was delivered', delivered, 'results'],
    ['what a rollback did', then(delivered, rolledBack()), 'results'],
  ] as const) {
    it(`have nothing that axe finds, in any theme, wide and narrow: ${name}`, async () => {
      const one = await show(records, tab);
      for (const theme of THEMES) {
        await one.setTheme(theme);
        assert.deepEqual(await one.axe(), [], theme);
      }
      await one.page.setViewportSize({ width: 320, height: 800 });
      assert.deepEqual(await one.axe(), []);
      assert.equal(await one.page.evaluate('document.documentElement.scrollWidth'), 320, 'no sideways scrolling');
      assert.deepEqual(one.complaints, []);
    });
  }

  it('group the preview, and say in words what loses something and what cannot be undone', async () => {
    const { page } = await show(atPreview, 'progress');
    const preview = page.getByRole('region', { name: 'Preview of the deployment' });
    const told = page.getByText('Deploying would delete or lose 2 things.');
    // The log shows its lines when it knows its height.
    await told.first().waitFor();
    assert.equal(await told.count(), 1, 'only in the log');
    assert.deepEqual(await preview.getByRole('heading', { level: 3 }).allInnerTexts(), [
      'Will create 2',
      'Will change 2',
      'Will delete 1',
      'Cannot be undone',
    ]);
    const losing = preview.getByRole('listitem').filter({ hasText: 'Loses something' });
    const ids = await losing.locator('code').allInnerTexts();
    assert.deepEqual(ids, ['team-notes/notes/title', 'team-notes/notes/colour']);
    assert.equal(await losing.locator('svg').count(), 4, 'a sign for the change and one for the loss');
  });

  it('leave out what loses something at one press, by the name of the wait', async () => {
    const one = await show(atPreview, 'progress');
    await one.page.getByRole('button', { name: 'Leave these out' }).press('Enter');
    const { topic, waitOn } = wait;
    assert.deepEqual(sent(one, 'dispatch'), [
      { method: 'dispatch', params: { intent: { type: 'reject', runId, comment: LEAVE_OUT, topic, waitOn } } },
    ]);
  });

  it('lose something only after a question that names it and begins at the way out', async () => {
    const one = await show(atPreview, 'results');
    const { page } = one;
    await page.getByRole('button', { name: 'Make them, and lose this…' }).press('Enter');
    const question = page.getByRole('dialog', { name: 'Make these changes, and lose what they delete?' });
    assert.deepEqual(await question.locator('code').allInnerTexts(), [
      'team-notes/notes/title',
      'team-notes/notes/colour',
    ]);
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Cancel');
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    assert.deepEqual(sent(one, 'dispatch'), []);
    await page.getByRole('button', { name: 'Make them, and lose this…' }).click();
    await question.getByRole('button', { name: 'Make them' }).click();
    await question.waitFor({ state: 'detached' });
    assert.deepEqual(sent(one, 'dispatch'), [
      { method: 'dispatch', params: { intent: { type: 'approve', runId, ...wait } } },
    ]);
  });

  it('show no preview under Progress when nothing waits for it, and keep it under Results', async () => {
    const decided = then(atPreview, { type: 'wait.ended', ...wait });
    const one = await show(decided, 'progress');
    assert.equal(await one.page.getByRole('region', { name: 'Preview of the deployment' }).count(), 0);
    await one.page.getByRole('tab', { name: 'Results' }).click();
    const preview = one.page.getByRole('region', { name: 'Preview of the deployment' });
    await preview.waitFor();
    assert.equal(await preview.getByRole('button').count(), 0);
  });

  it('show what was done, and hand the DNS record to the clipboard', async () => {
    const one = await show(delivered, 'results');
    const { page } = one;
    const deployment = page.getByRole('region', { name: 'Deployment', exact: true });
    const domain = deployment.getByRole('listitem').filter({ hasText: 'notes.example.org' }).last();
    await domain.getByText('Not verified').waitFor();
    await domain.getByRole('button', { name: 'Copy the DNS record: notes.example.org' }).click();
    await page.getByText('Copied').waitFor({ state: 'attached' });
    assert.deepEqual(sent(one, 'copy'), [
      { method: 'copy', params: { text: 'CNAME notes.example.org sites.appwrite.test' } },
    ]);
    assert.equal(await page.getByRole('button', { name: /Copy.*www/ }).count(), 0);
    await deployment.getByText('2 changes were made').click();
    await deployment.getByText('notes-api/MODE').waitFor();
    await deployment.getByRole('button', { name: 'Roll back…' }).click();
    assert.deepEqual(sent(one, 'command').at(-1)?.params, { command: 'rollBack', runId });
  });

  it('show what reviewers said, new work, why it is held, and the workflow with its log', async () => {
    const one = await show(delivered, 'results');
    const { page } = one;
    const request = page.getByRole('region', { name: 'Pull request' });
    await request.getByText('Not merged yet: a review is required').waitFor();
    await request.getByText('New work after failed checks, round 1').waitFor();
    await request.getByText('Escape the title here.').waitFor();
    const workflow = page.getByRole('region', { name: 'Workflow' });
    assert.deepEqual(await workflow.locator('.check-line').allInnerTexts(), ['Passed\nbuild', 'Failed\nsmoke']);
    await workflow.getByText('smoke: 502 from /notes').waitFor();
    await workflow.getByRole('button', { name: 'Open workflow run' }).click();
    assert.deepEqual(sent(one, 'open').at(-1)?.params, { target: { kind: 'workflow', runId } });
  });

  it('say under Progress why a run stands still, as long as it does', async () => {
    const opened = upTo(all, ({ type }) => type === 'pull_request.opened');
    const one = await show(then(opened, ...reviewedAndHeld()), 'progress');
    await one.page.getByText('The pull request is not merged yet: a review is required').first().waitFor();
    await one.page.getByRole('button', { name: 'Open pull request' }).click();
    assert.deepEqual(sent(one, 'open').at(-1)?.params, { target: { kind: 'pull_request', runId } });
    assert.deepEqual(await one.axe(), []);
    const [merged] = all.filter(({ event }) => event.type === 'pull_request.merged');
    await one.records(then(then(opened, ...reviewedAndHeld()), merged?.event ?? assert.fail()).slice(-1));
    await one.page.getByRole('button', { name: 'Open pull request' }).waitFor({ state: 'detached' });
  });

  it('show what a rollback did and left, and offer none of it again', async () => {
    const undoes = viewOf(then(delivered, rolledBack()));
    const one = await open({ tab: 'results', views: [{ ...undoes, purpose: 'rollback' }] });
    const { page } = one;
    await page.getByRole('heading', { level: 1, name: 'Rollback of Team Notes' }).waitFor();
    const rollback = page.getByRole('region', { name: 'Rollback', exact: true });
    await rollback.getByText('d1 is active again').waitFor();
    await rollback.getByText('The table team-notes/notes stays: it held rows before.').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Roll back…' }).count(), 0);
  });

  it('say in the form from which issue it was filled, and let go of it', async () => {
    const issue = { owner: 'acme', name: 'notes', number: 12, url: 'https://github.test/12', title: 'Notes get lost' };
    const one = await open({
      handlers: {
        ready: () => ({
          ...{ tab: 'new', runId: null, draft: sampleDraft({ issue }), runs: [], folders: [], isTrusted: true },
        }),
      },
    });
    await one.page.getByText(/From issue acme\/notes#12: Notes get lost\./).waitFor();
    assert.deepEqual(await one.axe(), []);
    await one.page.getByRole('button', { name: 'Start without the issue' }).click();
    await one.page.getByText(/From issue/).waitFor({ state: 'detached' });
    assert.deepEqual(sent(one, 'saveDraft').at(-1)?.params, { draft: sampleDraft() });
  });
});
