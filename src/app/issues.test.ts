import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Issue, IssuePlace } from '../core/ports.ts';
import { AppError } from '../protocol/errors.ts';
import { createIssues } from './issues.ts';

const SIGNAL = AbortSignal.timeout(60_000);

describe('issues', () => {
  let dir: string;
  let origin: string | null;
  let asked: IssuePlace[];
  let isEmpty: boolean;
  let common: boolean;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'issues-'));
    writeFileSync(join(dir, 'README.md'), '');
    origin = 'https://github.example/team/notes.git';
    asked = [];
    isEmpty = true;
    common = false;
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const issueAt = (place: IssuePlace): Issue => ({
    ...place,
    title: 'Add a form',
    body: '- [ ] It sends',
    url: `https://github.example/${place.owner}/${place.name}/issues/${place.number}`,
    labels: ['api'],
    state: 'open',
  });

  const issues = () =>
    createIssues({
      repository: {
        open: async () => ({ repoDir: dir, baseCommit: '', branch: 'main', dirtyPaths: [], created: false }),
        originUrl: async () => origin,
        fetch: async () => 'head',
        hasCommonHistory: async () => common,
      },
      forge: {
        recognise: (url) => {
          const found = /^https:\/\/github\.example\/([^/]+)\/([^/]+?)(\.git)?$/.exec(url);
          return found === null ? null : { owner: found[1] ?? '', name: found[2] ?? '' };
        },
        gitAuthorization: () => null,
        findRepository: async ({ owner: given, name }) => {
          const owner = given ?? assert.fail('an issue names its owner');
          const webUrl = `https://github.example/${owner}/${name}`;
          return {
            id: 'github.example/1',
            owner,
            name,
            webUrl,
            cloneUrl: `${webUrl}.git`,
            defaultBranch: 'main',
            empty: isEmpty,
          };
        },
        issue: async (place) => {
          asked.push(place);
          return issueAt(place);
        },
        issues: async (repository) => [issueAt({ ...repository, number: 9 }), issueAt({ ...repository, number: 3 })],
      },
    });

  it('reads one by its short form, its address, and by number in a clone', async () => {
    for (const ref of ['team/notes#12', ' https://github.example/team/notes/issues/12#issuecomment-1 ', '#12']) {
      const { issue, brief } = await issues().read(ref, dir, SIGNAL);
      assert.deepEqual(issue, {
        owner: 'team',
        name: 'notes',
        number: 12,
        url: 'https://github.example/team/notes/issues/12',
        title: 'Add a form',
      });
      assert.deepEqual([brief.name, brief.type, brief.requirements], ['Add a form', 'api', ['It sends']]);
    }
    assert.deepEqual(asked, Array(3).fill({ owner: 'team', name: 'notes', number: 12 }));
  });

  it('refuses other forms and other servers, and a number without an origin', async () => {
    const wrong = ['12', 'notes#12', 'team/notes#0', 'https://elsewhere.example/team/notes/issues/12', 'a b/c#1', ''];
    for (const ref of wrong) {
      await assert.rejects(
        issues().read(ref, dir, SIGNAL),
        (thrown) => thrown instanceof AppError && thrown.code === 'usage',
        ref,
      );
    }
    origin = null;
    await assert.rejects(issues().read('#12', dir, SIGNAL), /origin/);
    assert.deepEqual(asked, []);
  });

  it('refuses an issue of a repository with code when the workspace is not a clone of it', async () => {
    isEmpty = false;
    await issues().read('#12', dir, SIGNAL);
    origin = null;
    common = true;
    await issues().read('team/notes#12', dir, SIGNAL);
    common = false;
    const refused = (thrown: unknown) =>
      thrown instanceof AppError &&
      thrown.code === 'usage' &&
      /git clone https:\/\/github\.example/.test(thrown.userMessage);
    await assert.rejects(issues().read('team/notes#12', dir, SIGNAL), refused);
    rmSync(join(dir, 'README.md'));
    await assert.rejects(issues().read('team/notes#12', dir, SIGNAL), refused);
    isEmpty = true;
    await issues().read('team/notes#12', dir, SIGNAL);
  });

  it('lists those of the origin, and none without one', async () => {
    const open = await issues().open(dir, SIGNAL);
    assert.deepEqual(
      open.map(({ number, title }) => [number, title]),
      [
        [9, 'Add a form'],
        [3, 'Add a form'],
      ],
    );
    assert.deepEqual(Object.keys(open[0] ?? {}).sort(), ['name', 'number', 'owner', 'title', 'url']);
    origin = 'https://elsewhere.example/team/notes';
    assert.deepEqual(await issues().open(dir, SIGNAL), []);
    origin = null;
    assert.deepEqual(await issues().open(dir, SIGNAL), []);
  });
});
