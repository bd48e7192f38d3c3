/** The version of the app after this one, as far as its tables go: one more column, one more table. */
import { defineSchema } from '../../src/schema/schema.ts';
import { steps } from '../../src/schema/steps.ts';
import { tables } from '../../src/schema/tables.ts';

export const nextSchema = defineSchema({
  tables: {
    ...tables,
    vocabulary_item: {
      ...tables.vocabulary_item,
      columns: { ...tables.vocabulary_item.columns, colour: { type: 'text', maxLength: 40, default: '' } },
    },
    sticker: { priority: 4, columns: { shape: { type: 'text', maxLength: 40 } } },
  },
  steps: [
    ...steps,
    {
      statements: [
        `ALTER TABLE vocabulary_item ADD COLUMN colour TEXT NOT NULL DEFAULT ''`,
        `CREATE TABLE sticker (
  _rowid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  shape TEXT NOT NULL,
  _seq INTEGER NOT NULL DEFAULT 0
) STRICT`,
      ],
    },
  ],
});
