/** What is forgotten of answered edits, and what that costs; what becomes of them is in the suite of `SyncStore`. */
import { afterEach, expect, it } from 'vitest';
import { forgetPulled } from '../../../../src/client/db/answered-edits.ts';
import type { RowPage } from '../../../../src/protocol/messages.ts';
import { addWord } from '../../../support/add-word.ts';
import { DeviceUnderTest } from '../../../support/device-under-test.ts';
import { MemoryServer } from '../../../support/memory-server.ts';

const now = 1_800_000_000_000;
const device = new DeviceUnderTest({ name: 'a', now: () => now, transport: new MemoryServer().transport() });
afterEach(() => device.database.close());

it('a page is asked for its ids, which a packed one has to unpack, only while edits are noted', () => {
  let unpacked = 0;
  const page: RowPage = {
    ...{ table: 'vocabulary_item', seqs: [7], deleted: [], columns: [], values: [] },
    get ids() {
      unpacked += 1;
      return ['w'];
    },
  };
  const noted = () => device.database.read((sql) => sql.arrays('SELECT id FROM answered_edit'));
  device.database.write((sql) => {
    forgetPulled(sql, page);
    expect(unpacked).toBe(0);
    addWord(sql, { id: 'w', word: 'uno' });
    sql.run('UPDATE vocabulary_item SET _seq = 7');
    sql.run(`INSERT INTO answered_edit (tbl, id, col, op, stamp, base_seq)
VALUES ('vocabulary_item', 'w', 'note', 'update', 1, 1), ('vocabulary_item', 'v', 'note', 'update', 1, 1)`);
    forgetPulled(sql, page);
  }, 'sync');
  expect(unpacked).toBeGreaterThan(0);
  expect(noted()).toEqual([['v']]);
});
