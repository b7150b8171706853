/** A key for tables may do the same to their parts; the words of the older API count too. */
export const TABLES_READ = ['tables.read', 'collections.read'];
export const TABLES_WRITE = ['tables.write', 'collections.write'];
export const COLUMNS_READ = ['columns.read', ...TABLES_READ, 'attributes.read'];
export const COLUMNS_WRITE = ['columns.write', ...TABLES_WRITE, 'attributes.write'];
export const INDEXES_READ = ['indexes.read', ...TABLES_READ];
export const INDEXES_WRITE = ['indexes.write', ...TABLES_WRITE];
export const ROWS_READ = ['rows.read', 'documents.read'];
export const ROWS_WRITE = ['rows.write', 'documents.write'];
