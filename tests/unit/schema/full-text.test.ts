/** The full-text index agrees with its table whatever is written, in whatever transactions. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Database } from '../../../src/client/db/database.ts';
import { openNodeDriver } from '../../support/node-driver.ts';

const word = fc.constantFrom('alpha', 'beta', 'gamma', 'delta');
const id = fc.constantFrom('a', 'b', 'c', 'd');
const write = fc.oneof(
  fc.record({ op: fc.constant('put' as const), id, word }),
  fc.record({ op: fc.constant('edit' as const), id, word }),
  fc.record({ op: fc.constant('delete' as const), id, word }),
);

it.each(['fts5', 'fts4'] as const)('%s finds each row by its present word and by no other', async (fullText) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.boolean(), fc.array(write, { maxLength: 6 })), { maxLength: 8 }),
      async (transactions) => {
        const opened = Database.open({
          driver: { ...openNodeDriver(), fullText },
          clock: { now: () => 1 },
          newId: () => 'device',
        });
        if (!opened.ok) throw new Error('newer');
        const database = opened.value;
        const rows = (sql: string) => database.read((read) => read.arrays(sql).flat());
        for (const [catchUp, writes] of transactions) {
          database.write((sql) => {
            for (const { op, ...row } of writes) {
              if (op === 'delete') sql.run('DELETE FROM vocabulary_item WHERE id = ?', [row.id]);
              else if (op === 'edit') sql.run('UPDATE vocabulary_item SET word = ? WHERE id = ?', [row.word, row.id]);
              else {
                sql.run(
                  `INSERT INTO vocabulary_item (id, language, word, translation, created_at, due_at) VALUES (?, 'de', ?, '', 0, 0)
ON CONFLICT (id) DO NOTHING`,
                  [row.id, row.word],
                );
              }
            }
          });
          // Sometimes the index is left behind for a while.
          if (catchUp) expect(database.indexNewRows()).toBe(true);
          else continue;
          for (const text of ['alpha', 'beta', 'gamma', 'delta']) {
            const found = rows(
              `SELECT rowid FROM vocabulary_item_fts WHERE vocabulary_item_fts MATCH '${text}' ORDER BY rowid`,
            );
            expect(found).toEqual(rows(`SELECT _rowid FROM vocabulary_item WHERE word = '${text}' ORDER BY _rowid`));
          }
        }
        database.indexNewRows();
        if (fullText === 'fts5')
          database.driver.exec(
            `INSERT INTO vocabulary_item_fts (vocabulary_item_fts, rank) VALUES ('integrity-check', 1)`,
          );
        await database.close();
      },
    ),
  );
});
