/** A word in a database, without the app. Runs in a browser too. */
import type { WriteSql } from '../../src/client/db/database.ts';

/** A word as a person adds it: everything the table needs. */
export function addWord(sql: WriteSql, word: { id: string; word: string; translation?: string; at?: number }): void {
  const at = word.at ?? 0;
  sql.run(
    `INSERT INTO vocabulary_item (id, language, word, translation, created_at, due_at) VALUES (?, 'es', ?, ?, ?, ?)`,
    [word.id, word.word, word.translation ?? '', at, at],
  );
}
