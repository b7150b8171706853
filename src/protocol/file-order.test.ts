import assert from 'node:assert/strict';
import { fileKind, inReviewOrder } from './file-order.ts';

const order = (...paths: string[]) => inReviewOrder(paths.map((path) => ({ path }))).map(({ path }) => path);

describe('the order of the files of a change', () => {
  it('has what matters first: source, tests, documentation, media, configuration, then what is generated', () => {
    assert.deepEqual(
      order(
        '.github/workflows/ci.yml',
        'README.md',
        'a.svg',
        'dist/app.min.js',
        'package-lock.json',
        'package.json',
        'src/b.ts',
        'src/a.ts',
        'src/a.test.ts',
        'test/whole.ts',
      ),
      [
        'src/a.ts',
        'src/b.ts',
        'src/a.test.ts',
        'test/whole.ts',
        'README.md',
        'a.svg',
        '.github/workflows/ci.yml',
        'package.json',
        'dist/app.min.js',
        'package-lock.json',
      ],
    );
  });

  it('is the same whatever order the files come in', () => {
    const paths = ['src/z.ts', 'src/Ä.ts', 'go.sum', 'go.mod', 'main.go', 'main_test.go', '.gitignore'];
    assert.deepEqual(order(...paths.toReversed()), order(...paths));
  });

  it('leaves the list that it was given as it was', () => {
    const files = [{ path: 'b.ts' }, { path: 'a.ts' }];
    inReviewOrder(files);
    assert.deepEqual(files, [{ path: 'b.ts' }, { path: 'a.ts' }]);
  });

  const kinds: [string, ...string[]][] = [
    ['source', 'src/main.ts', 'site/index.html', 'data/menu.json', 'latest.ts', 'src/protest/sign.ts', 'src/config.ts'],
    ['test', 'src/a.spec.tsx', '__tests__/a.js', 'test_app.py', 'e2e/login.ts', 'main_test.go'],
    ['documentation', 'docs/guide.html', 'CHANGELOG', 'notes.mdx', 'LICENSE'],
    ['media', 'site/favicon.svg', 'fonts/a.woff2'],
    [
      'configuration',
      'tsconfig.build.json',
      'vite.config.ts',
      'compose.yaml',
      'Dockerfile',
      '.env.example',
      'appwrite.json',
    ],
    ['generated', 'yarn.lock', 'app/poetry.lock', 'src/api.generated.ts', 'src/__snapshots__/a.ts', 'site/app.js.map'],
  ];
  for (const [kind, ...paths] of kinds) {
    it(`knows ${kind}`, () =>
      assert.deepEqual(
        paths.map(fileKind),
        paths.map(() => kind),
      ));
  }
});
