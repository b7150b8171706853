import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A family of records; the type parameter is the shape of their JSON. */
export interface Kind<T> {
  readonly name: string;
  /** Type carrier only. */
  readonly _record?: T;
}

export function kind<T>(name: string): Kind<T> {
  return { name };
}

export interface Stored<T> {
  id: string;
  /** Grows with every insert, over all kinds. */
  sequence: number;
  value: T;
}

/** Records by (kind, parent, id), in one SQLite file. */
export interface Store {
  /** False when the id is taken. */
  insert<T>(kind: Kind<T>, parent: string, id: string, value: T): boolean;
  get<T>(kind: Kind<T>, parent: string, id: string): T | null;
  find<T>(kind: Kind<T>, parent: string, id: string): Stored<T> | null;
  put<T>(kind: Kind<T>, parent: string, id: string, value: T): void;
  /** False when there was none. */
  remove<T>(kind: Kind<T>, parent: string, id: string): boolean;
  removeAll<T>(kind: Kind<T>, parent: string): void;
  /** In order of creation. */
  list<T>(kind: Kind<T>, parent: string): Stored<T>[];
  /** Of all parents, in order of creation. */
  listAll<T>(kind: Kind<T>): (Stored<T> & { parent: string })[];
  /** All writes of the work, or none when it throws. May be nested. */
  atomically<T>(work: () => T): T;
  /** What the work gives; its writes are undone. May be nested. */
  preview<T>(work: () => T): T;
  close(): void;
}

export function openStore(dataDir: string): Store {
  mkdirSync(dataDir, { recursive: true });
  const database = new DatabaseSync(join(dataDir, 'appwrite.sqlite'), { timeout: 5000 });
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS records (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, parent TEXT NOT NULL, id TEXT NOT NULL,
      json TEXT NOT NULL, UNIQUE (kind, parent, id)) STRICT`);
  const statements = {
    insert: database.prepare('INSERT OR IGNORE INTO records (kind, parent, id, json) VALUES (?, ?, ?, ?)'),
    get: database.prepare('SELECT sequence, id, json FROM records WHERE kind = ? AND parent = ? AND id = ?'),
    put: database.prepare('UPDATE records SET json = ? WHERE kind = ? AND parent = ? AND id = ?'),
    remove: database.prepare('DELETE FROM records WHERE kind = ? AND parent = ? AND id = ?'),
    removeAll: database.prepare('DELETE FROM records WHERE kind = ? AND parent = ?'),
    list: database.prepare('SELECT sequence, id, json FROM records WHERE kind = ? AND parent = ? ORDER BY sequence'),
    listAll: database.prepare('SELECT sequence, parent, id, json FROM records WHERE kind = ? ORDER BY sequence'),
  };
  // Only this store writes the file, always from a value of the kind's type.
  const decode = <T>(_kind: Kind<T>, row: Record<string, unknown>): Stored<T> => ({
    id: String(row.id),
    sequence: Number(row.sequence),
    value: JSON.parse(String(row.json)) as T,
  });
  const find = <T>(kind: Kind<T>, parent: string, id: string): Stored<T> | null => {
    const row = statements.get.get(kind.name, parent, id);
    return row === undefined ? null : decode(kind, row);
  };
  let depth = 0;
  /** A savepoint that ends as `keep` says; an error undoes it in any case. */
  const scoped = <T>(keep: boolean, work: () => T): T => {
    const name = `level_${depth++}`;
    let done = false;
    database.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      done = true;
      return result;
    } finally {
      if (!(done && keep)) database.exec(`ROLLBACK TO ${name}`);
      database.exec(`RELEASE ${name}`);
      depth -= 1;
    }
  };
  return {
    atomically: (work) => scoped(true, work),
    preview: (work) => scoped(false, work),
    insert: (kind, parent, id, value) =>
      statements.insert.run(kind.name, parent, id, JSON.stringify(value)).changes === 1,
    find,
    get: (kind, parent, id) => find(kind, parent, id)?.value ?? null,
    put: (kind, parent, id, value) => void statements.put.run(JSON.stringify(value), kind.name, parent, id),
    remove: (kind, parent, id) => statements.remove.run(kind.name, parent, id).changes === 1,
    removeAll: (kind, parent) => void statements.removeAll.run(kind.name, parent),
    list: (kind, parent) => statements.list.all(kind.name, parent).map((row) => decode(kind, row)),
    listAll: (kind) =>
      statements.listAll.all(kind.name).map((row) => ({ ...decode(kind, row), parent: String(row.parent) })),
    close: () => database.close(),
  };
}
