import assert from 'node:assert/strict';
import type { BriefDraft, DraftCheck } from '../../src/protocol/console.ts';
import { type ConsolePageOptions, THEMES } from './page.ts';
import { lastDraft, sent, usePages } from './pages.ts';
import { atPlan, sampleBrief, sampleDraft, sampleEstimate, viewOf } from './samples.ts';

const fine = (): DraftCheck => ({
  check: { ok: true, brief: sampleBrief() },
  problems: [],
  estimate: sampleEstimate(),
});

const incomplete = ({ draft }: { draft: BriefDraft }): DraftCheck => {
  const problems = [
    ...(draft.name.trim() === '' ? [{ field: 'name', line: null, message: 'is required' }] : []),
    ...(draft.requirements.every((row) => row === '')
      ? [{ field: 'requirements', line: null, message: 'too few' }]
      : []),
  ];
  return problems.length === 0 ? fine() : { check: { ok: false, problems }, problems: [], estimate: null };
};

describe('the form in a browser', function () {
  this.timeout(120_000);
  const open = usePages();

  const states: { name: string; options: ConsolePageOptions }[] = [
    { name: 'a filled form', options: { tab: 'new', handlers: { checkDraft: fine } } },
  ];
  for (const { name, options } of states) {
    it(`has nothing that axe finds, in any theme, wide and narrow: ${name}`, async () => {
      for (const widthPx of [1000, 320]) {
        const one = await open({ ...options, widthPx });
        for (const theme of THEMES) {
          await one.setTheme(theme);
          assert.deepEqual(await one.axe(), [], `${theme}, ${widthPx} px`);
        }
        assert.equal(await one.page.evaluate('document.documentElement.scrollWidth'), widthPx, 'no sideways scrolling');
        assert.deepEqual(one.complaints, []);
      }
    });
  }

  it('keeps every change of the draft', async () => {
    const one = await open({});
    await one.page.getByLabel('Name').fill('Library');
    await one.page.getByLabel('It keeps data in a database').uncheck();
    const { name, database } = lastDraft(one);
    assert.deepEqual({ name, database }, { name: 'Library', database: false });
  });

  it('edits a list by keyboard alone, and makes rows of pasted lines', async () => {
    const one = await open({ handlers: { ready: () => startWith(sampleDraft({ requirements: ['first'] })) } });
    const { page } = one;
    await page.locator('#requirements-0').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.keyboard.type('second');
    await page.keyboard.press('Alt+ArrowUp');
    assert.deepEqual(lastDraft(one).requirements, ['second', 'first']);
    await page.keyboard.press('Alt+ArrowDown');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Backspace');
    assert.deepEqual(lastDraft(one).requirements, ['first', 'second']);
    await page.evaluate(`(() => {
      const data = new DataTransfer();
      data.setData('text/plain', '- third\\n- fourth');
      const row = document.getElementById('requirements-1');
      row.setSelectionRange(row.value.length, row.value.length);
      row.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }));
    })()`);
    assert.deepEqual(lastDraft(one).requirements, ['first', 'secondthird', 'fourth']);
    assert.equal(await page.evaluate('document.activeElement.id'), 'requirements-2');
  });

  it('says what is missing beside the fields, goes to the first, and starts nothing', async () => {
    const empty = sampleDraft({ name: '', requirements: [] });
    const one = await open({ handlers: { ready: () => startWith(empty), checkDraft: incomplete } });
    await one.page.getByRole('button', { name: 'Start', exact: true }).click();
    await one.page.getByText('Give it a name.').waitFor();
    await one.page.locator('#name:focus').waitFor();
    assert.equal(await one.page.getByLabel('Name').getAttribute('aria-invalid'), 'true');
    assert.match((await one.page.getByLabel('Name').getAttribute('aria-describedby')) ?? '', /name-error/);
    await one.page.getByText('Add at least one requirement.').waitFor();
    assert.equal(sent(one, 'start').length, 0);
  });

  it('lets a click through that leaves an empty field', async () => {
    const empty = sampleDraft({ name: '', requirements: [] });
    const one = await open({ handlers: { ready: () => startWith(empty), checkDraft: incomplete } });
    const { page } = one;
    await page.locator('#name').focus();
    const box = await page.locator('#requirements-add').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 5, box.y + box.height - 2);
    await page.mouse.down();
    await page.mouse.up();
    await page.getByText('Give it a name.').waitFor();
    assert.equal(await page.locator('#requirements-0').count(), 1);
  });

  it('starts a form that is right, and shows its progress', async () => {
    const one = await open({ handlers: { checkDraft: fine }, views: [viewOf(atPlan())], tab: 'new' });
    await one.page.getByText('$1.40 – $3.90').waitFor();
    await one.page.getByRole('button', { name: 'Start', exact: true }).click();
    await one.page.locator('#tab-progress[aria-selected="true"]').waitFor();
    assert.equal(sent(one, 'start').length, 1);
  });

  it('offers keys and a sample when nothing is configured', async () => {
    const one = await open({});
    await one.emit('missing', ['XAI_API_KEY']);
    await one.page.getByText('Not set yet: XAI_API_KEY.').waitFor();
    await one.page.getByRole('button', { name: 'Start a sample' }).click();
    assert.deepEqual(sent(one, 'command')[0]?.params, { command: 'startSample', runId: null });
  });

  it('starts nothing in a workspace that is not trusted', async () => {
    const one = await open({ handlers: { ready: () => ({ ...startWith(sampleDraft()), isTrusted: false }) } });
    await one.page.getByText('Trust it to start anything').waitFor();
    await one.page.getByRole('button', { name: 'Start', exact: true }).click({ force: true });
    await one.emit('trusted', true);
    await one.page.getByText('Trust it to start anything').waitFor({ state: 'detached' });
    assert.deepEqual(sent(one, 'start'), []);
  });
});

const startWith = (draft: BriefDraft) => ({
  tab: 'new' as const,
  runId: null,
  draft,
  runs: [],
  folders: ['/home/ada/projects/guestbook'],
  isTrusted: true,
});
