/** What a client file is made of, as SQLite reports it, in an order of its own: for comparing two files. */
import type { Value } from '../../src/base/value.ts';
import type { Driver } from '../../src/client/db/driver.ts';

/** Columns by name, not by place: one that was added later stands last. */
export function storedSchema(driver: Driver): object {
  const ask = asking(driver);
  const tables = ask('SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = ? ORDER BY name', ['main']);
  const columns = tables.map(({ name }) =>
    ask('SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY name', [name!]),
  );
  const byDefault = ask(
    `SELECT tbl_name, type FROM sqlite_schema WHERE type = 'index' AND sql IS NULL ORDER BY tbl_name`,
  );
  const others = ask(
    `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND NOT (type = 'table' AND sql NOT LIKE '%VIRTUAL%') ORDER BY name`,
  );
  return { tables: tables.map((table, index) => ({ ...table, columns: columns[index] })), byDefault, others };
}

/** Every row of every ordinary table, by table. */
export function storedRows(driver: Driver): Record<string, Record<string, Value>[]> {
  const ask = asking(driver);
  const names = ask(
    `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  );
  return Object.fromEntries(names.map(({ name }) => [String(name), ask(`SELECT * FROM ${name} ORDER BY 1, 2`)]));
}

function asking(driver: Driver) {
  return (sql: string, params: readonly Value[] = []): Record<string, Value>[] => {
    const statement = driver.prepare(sql);
    try {
      return statement.all(params);
    } finally {
      statement.finalize();
    }
  };
}
