import assert from 'node:assert/strict';
import { aBrief } from '../../../test/fakes/plan.ts';
import type { Brief } from '../../protocol/brief.ts';
import type { BriefDraft } from '../../protocol/console.ts';
import {
  atFields,
  briefFormat,
  briefOf,
  emptyDraft,
  folderProblem,
  parseBudget,
  readDraft,
  withBrief,
} from './draft.ts';

const defaults = { workspaceDirs: ['/projects/shop'], budgetUsd: 10 };

const draft = (changes: Partial<BriefDraft>): BriefDraft => ({ ...emptyDraft(defaults), ...changes });

describe('the draft of a brief', () => {
  it('begins empty in the first folder of the window, with the budget of the settings', () => {
    const { workspaceDir, budgetUsd, requirements } = emptyDraft(defaults);
    assert.deepEqual(
      { workspaceDir, budgetUsd, requirements },
      { workspaceDir: '/projects/shop', budgetUsd: '10', requirements: [] },
    );
  });

  it('is read back as it was kept, and begins anew when its form is another', () => {
    const kept = draft({ name: 'Shop', workspaceDir: '/elsewhere' });
    assert.deepEqual(readDraft(kept, defaults), kept);
    assert.equal(readDraft({ ...kept, workspaceDir: '' }, defaults).workspaceDir, '/projects/shop');
    assert.deepEqual(readDraft({ name: 'Shop' }, defaults), emptyDraft(defaults));
  });

  it('keeps the issue that its brief was made of, until another brief takes its place', () => {
    const issue = { owner: 'acme', name: 'shop', number: 12, url: 'https://github.test/12', title: 'Sell tea' };
    const brief = aBrief({ name: 'Sell tea' });
    const filled = withBrief(draft({}), brief, issue);
    assert.deepEqual([filled.name, filled.issue], ['Sell tea', issue]);
    assert.deepEqual(readDraft(structuredClone(filled), defaults), filled);
    assert.equal(withBrief(filled, brief).issue, null);
    const { issue: _, ...before } = draft({ name: 'Shop' });
    assert.deepEqual(readDraft(before, defaults), draft({ name: 'Shop' }), 'a draft of before there were issues');
  });

  it('becomes a brief without its empty rows', () => {
    const { brief } = briefOf(draft({ name: 'Shop', requirements: ['', ' sells ', ' '], database: true }));
    const { requirements, deployment } = brief as Brief;
    assert.deepEqual(requirements, ['sells']);
    assert.deepEqual(deployment, { target: 'appwrite', autoSetup: true, database: true, functions: false });
  });

  it('has a problem of the brief at the row in which it was written', () => {
    const made = briefOf(draft({ requirements: ['', 'sells', '', 'ships'] }));
    const fields = ['requirements[1]', 'requirements', 'name'].map((field) => ({ field, line: null, message: 'no' }));
    assert.deepEqual(
      atFields(fields, made).map(({ field }) => field),
      ['requirements[3]', 'requirements', 'name'],
    );
  });

  it('takes a brief over and keeps what a brief does not hold', () => {
    const before = draft({ budgetUsd: '3', local: true, requirements: ['old'] });
    const { brief } = briefOf(draft({ name: 'Shop', description: 'Sells.', type: 'api', requirements: ['new'] }));
    const after = withBrief(before, brief as Brief);
    assert.deepEqual(
      [after.name, after.type, after.requirements, after.budgetUsd, after.local],
      ['Shop', 'api', ['new'], '3', true],
    );
  });

  for (const [typed, usd] of [
    ['5', 5],
    [' 7.50 ', 7.5],
    ['7,5', 7.5],
    ['$ 3', 3],
    ['0', null],
    ['-1', null],
    ['1e3', null],
    ['', null],
    ['five', null],
    ['100001', null],
  ] as const) {
    it(`reads the budget ${JSON.stringify(typed)} as ${usd}`, () => {
      assert.equal(parseBudget(typed), usd);
    });
  }

  it('names what is wrong with a folder', () => {
    assert.equal(folderProblem('', defaults.workspaceDirs), 'none_chosen');
    assert.equal(folderProblem('shop', defaults.workspaceDirs), 'not_absolute');
    assert.equal(folderProblem('/other', defaults.workspaceDirs), 'not_open');
    assert.equal(folderProblem('/projects/shop', defaults.workspaceDirs), null);
  });

  it('knows the form of a text by its name, else by its beginning', () => {
    assert.equal(briefFormat('a.YML', '{'), 'yaml');
    assert.equal(briefFormat('a.md', ''), 'markdown');
    assert.equal(briefFormat('Untitled-1', ' {"name": 1}'), 'json');
    assert.equal(briefFormat('Untitled-1', '---\nname: a'), 'markdown');
    assert.equal(briefFormat('Untitled-1', 'name: a'), 'yaml');
  });
});
