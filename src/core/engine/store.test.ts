import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { systemClock } from '../clock.ts';
import { loadSqlite, toStorageError } from './sqlite.ts';
import { openStore } from './store.ts';
import { createWakes } from './wakes.ts';

const refused = (pattern: RegExp) => (thrown: unknown) => {
  assert.ok(thrown instanceof AppError);
  assert.equal(thrown.code, 'storage_failed');
  assert.match(thrown.userMessage, pattern);
  return true;
};

describe('store', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'store-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const open = () => openStore(dir, systemClock);

  it('makes the state folder and a file in WAL mode with full sync', () => {
    const store = openStore(join(dir, 'a', 'b'), systemClock);
    store.write(() => store.wake('x'), 'process');
    store.write(() => {
      assert.equal(store.prepare('PRAGMA synchronous').get()?.synchronous, 2);
      assert.equal(store.prepare('PRAGMA journal_mode').get()?.journal_mode, 'wal');
    });
    store.close();
    store.close();
  });

  it('refuses a file of a newer version', () => {
    const store = open();
    store.prepare('PRAGMA user_version = 99').get();
    store.close();
    assert.throws(open, refused(/newer version/));
  });

  it('brings a file of the first version up to date, with what it holds', () => {
    const before = open();
    before.write(() => {
      before.prepare('INSERT INTO budgets VALUES (?, 5, 1, 0, 2, 1)').run('r');
      before.prepare('ALTER TABLE budgets DROP COLUMN paused').run();
      before.prepare('DROP TABLE record_cursors').run();
      before.prepare('DROP TABLE record_mirrors').run();
      before.prepare('PRAGMA user_version = 1').get();
    });
    before.close();
    for (let times = 0; times < 2; times += 1) {
      const store = open();
      assert.deepEqual(
        { ...store.prepare('SELECT * FROM budgets').get() },
        {
          root_id: 'r',
          cap_nano: 5,
          settled_nano: 1,
          reserved_nano: 0,
          calls: 2,
          paused: 0,
        },
      );
      store.close();
    }
  });

  it('brings a file of the second version up to date, with what it holds', () => {
    const before = open();
    before.write(() => {
      before.prepare('INSERT INTO budgets VALUES (?, 5, 1, 0, 2, 1)').run('r');
      before.prepare('DROP TABLE record_cursors').run();
      before.prepare('DROP TABLE record_mirrors').run();
      before.prepare('PRAGMA user_version = 2').get();
    });
    before.close();
    const store = open();
    assert.equal(store.prepare('SELECT calls FROM budgets').get()?.calls, 2);
    store.write(() => store.prepare("INSERT INTO record_cursors VALUES ('there', 'r', 7)").run());
    store.write(() => store.prepare("INSERT INTO record_mirrors (destination) VALUES ('there')").run());
    assert.deepEqual(
      { ...store.prepare('SELECT lease_until, trouble FROM record_mirrors').get() },
      { lease_until: 0, trouble: null },
    );
    store.close();
  });

  it('says that a damaged file is damaged', () => {
    writeFileSync(join(dir, 'state.db'), 'not a database '.repeat(100));
    assert.throws(open, refused(/damaged/));
  });

  it('says that a folder cannot be made', () => {
    writeFileSync(join(dir, 'file'), '');
    assert.throws(() => openStore(join(dir, 'file', 'state'), systemClock), refused(/cannot be made/));
  });

  it('says that a file cannot be opened', () => {
    mkdirSync(join(dir, 'state.db'));
    assert.throws(open, refused(/opened for writing/));
  });

  it('says that a file cannot be written', () => {
    open().close();
    const { DatabaseSync } = loadSqlite();
    const db = new DatabaseSync(join(dir, 'state.db'), { readOnly: true });
    try {
      db.exec('DELETE FROM runs');
      assert.fail('was written');
    } catch (thrown) {
      assert.throws(
        () => {
          throw toStorageError(thrown, 'state.db');
        },
        refused(/may write/),
      );
    } finally {
      db.close();
    }
  });

  it('says that a folder is read-only', function () {
    if (process.platform === 'win32' || process.getuid?.() === 0) {
      console.log('      skipped: permissions do not stop the superuser, nor anybody on Windows');
      this.skip();
    }
    chmodSync(dir, 0o500);
    try {
      assert.throws(open, refused(/opened for writing/));
    } finally {
      chmodSync(dir, 0o700);
    }
  });

  it('can be opened for the first time by several processes at once', async () => {
    const code = `import { openStore } from ${JSON.stringify(new URL('./store.ts', import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL('../clock.ts', import.meta.url).href)};
      openStore(process.argv[1], systemClock).close();`;
    const args = ['--input-type=module', '-e', code, join(dir, 'fresh')];
    const workers = [0, 1, 2].map(() => spawn(process.execPath, args, { stdio: 'inherit' }));
    const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'close'))[0]));
    assert.deepEqual(codes, [0, 0, 0]);
  });

  it('undoes a change that throws, and wakes nobody for it', () => {
    const store = open();
    let wakes = 0;
    const off = store.wakes.on(['t'], () => {
      wakes += 1;
    });
    const insert = () =>
      store.prepare("INSERT INTO blob_refs (hash, root_id) VALUES ('h', 'r')").run() && store.wake('t');
    assert.throws(() =>
      store.write(() => {
        insert();
        throw new Error('no');
      }),
    );
    assert.equal(store.prepare('SELECT COUNT(*) AS n FROM blob_refs').get()?.n, 0);
    assert.equal(wakes, 0);
    store.write(insert);
    assert.equal(wakes, 1);
    off();
    store.close();
  });

  it('flushes commits that are not on the disk yet, and says when that fails', async () => {
    const store = open();
    store.write(() => store.prepare("INSERT INTO blob_refs (hash, root_id) VALUES ('h', 'r')").run(), 'process');
    await store.flush();
    store.close();
    await assert.rejects(store.flush(), refused(/stopped/));
    const other = open();
    // SQLite goes on writing to its file; a flush of another one would prove nothing.
    rmSync(join(dir, 'state.db-wal'));
    other.write(() => other.prepare("INSERT INTO blob_refs (hash, root_id) VALUES ('i', 'r')").run(), 'process');
    await assert.rejects(other.flush(), refused(/could not be written/));
    other.close();
  });

  it('says that it has been closed', () => {
    const store = open();
    store.close();
    assert.throws(() => store.read(() => 1), refused(/stopped/));
    assert.throws(() => store.write(() => 1), refused(/stopped/));
  });
});

describe('loading SQLite', () => {
  it('drops the warning about SQLite and passes all others', () => {
    const { emitWarning, getBuiltinModule } = process;
    const seen: unknown[] = [];
    process.emitWarning = (...args: unknown[]) => {
      seen.push(args[0]);
    };
    const recorder = process.emitWarning;
    const loud = (id: string) => {
      process.emitWarning('SQLite is an experimental feature and might change at any time', 'ExperimentalWarning');
      process.emitWarning('something else', 'ExperimentalWarning');
      return getBuiltinModule(id);
    };
    process.getBuiltinModule = loud as typeof getBuiltinModule;
    try {
      assert.equal(typeof loadSqlite().DatabaseSync, 'function');
      assert.deepEqual(seen, ['something else']);
      assert.equal(process.emitWarning, recorder);
    } finally {
      process.emitWarning = emitWarning;
      process.getBuiltinModule = getBuiltinModule;
    }
  });
});

describe('wakes', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('poll only while somebody listens (invariant 2)', () => {
    const before = timers();
    const wakes = createWakes(() => 1);
    assert.equal(timers(), before);
    const off = wakes.on(['a'], () => {});
    const offOther = wakes.on(['b'], () => {});
    assert.equal(timers(), before + 1);
    off();
    off();
    assert.equal(timers(), before + 1);
    offOther();
    assert.equal(timers(), before);
  });

  it('reach every listener when another connection has committed (invariant 2)', async () => {
    let version = 1;
    const wakes = createWakes(() => version);
    const woken = new Promise<void>((resolve) => wakes.on(['a'], resolve));
    version = 2;
    await woken;
    wakes.close();
  });

  it('reach only the listeners of the topic (invariant 1)', () => {
    const wakes = createWakes(() => 1);
    const seen: string[] = [];
    wakes.on(['a', 'b'], () => seen.push('ab'));
    wakes.on(['c'], () => seen.push('c'));
    wakes.emit(['b']);
    assert.deepEqual(seen, ['ab']);
    wakes.close();
  });
});
