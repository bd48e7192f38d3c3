/**
 * Puts `LogWrites` between SQLite and the file of its write-ahead log: the open file gets a table of methods of its own, in
 * which those that read or write pass through here and the others stay as they were.
 */
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { assert } from '../../../base/assert.ts';
import { LogWrites } from './log-writes.ts';

type Pointer = number;
type FileMethod = (file: Pointer, ...args: (number | bigint)[]) => number;

/** About 120 frames of 4,096 bytes; a larger transaction goes out in several writes. */
const heldBytes = 512 * 1_024;

/** Places in SQLite's `sqlite3_io_methods`, each of 32 bits. The first is its version, and there are 19. */
const slots = { xRead: 2, xWrite: 3, xTruncate: 4, xSync: 5, xFileSize: 6 } as const;
const slotBytes = 4;
const tableBytes = 19 * slotBytes;

/** For a database in WAL mode that was read from. Gives what frees the memory: to be called when it is closed. */
export function joinLogWrites({ sqlite3, db }: { sqlite3: Sqlite3Static; db: Pointer }): () => void {
  const { wasm } = sqlite3;
  const log = findLog({ sqlite3, db });
  const original = wasm.peekPtr(log);
  assert(original !== 0, 'the log is open');
  const method = (slot: number): FileMethod =>
    wasm.functionEntry(wasm.peekPtr(original + slot * slotBytes)) as FileMethod;
  const [read, write, truncate] = [method(slots.xRead), method(slots.xWrite), method(slots.xTruncate)];
  const [sync, size] = [method(slots.xSync), method(slots.xFileSize)];
  const place = { address: wasm.alloc(heldBytes), bytes: heldBytes };
  const writes = new LogWrites(
    { memory: wasm.heap8u, write: (address, bytes, offset) => write(log, address, bytes, BigInt(offset)) },
    place,
  );
  // Closing is left as it was: what is held then was never committed.
  const methods = [
    install(slots.xRead, 'i(ppij)', (file: Pointer, to: Pointer, bytes: number, offset: bigint) => {
      return writes.settleWithin(Number(offset), bytes) || read(file, to, bytes, offset);
    }),
    install(slots.xWrite, 'i(ppij)', (_: Pointer, from: Pointer, bytes: number, offset: bigint) => {
      return writes.write(from, bytes, Number(offset));
    }),
    install(slots.xTruncate, 'i(pj)', (file: Pointer, bytes: bigint) => writes.settle() || truncate(file, bytes)),
    install(slots.xSync, 'i(pi)', (file: Pointer, flags: number) => writes.settle() || sync(file, flags)),
    install(slots.xFileSize, 'i(pp)', (file: Pointer, to: Pointer) => writes.settle() || size(file, to)),
  ];
  function install(slot: number, signature: string, work: (...args: never[]) => number) {
    return { slot, address: wasm.installFunction(signature, work) };
  }

  const table = wasm.alloc(tableBytes);
  wasm.heap8u().copyWithin(table, original, original + tableBytes);
  for (const { slot, address } of methods) wasm.pokePtr(table + slot * slotBytes, address);
  wasm.pokePtr(log, table);
  return () => {
    for (const { address } of methods) wasm.uninstallFunction(address);
    wasm.dealloc(table);
    wasm.dealloc(place.address);
  };
}

/** `sqlite3_file*` of the log, which begins with the address of its methods. */
function findLog({ sqlite3, db }: { sqlite3: Sqlite3Static; db: Pointer }): Pointer {
  const { capi, wasm } = sqlite3;
  const stack = wasm.pstack.pointer;
  try {
    const out = wasm.pstack.alloc(8);
    wasm.pokePtr(out, 0);
    // Of a database in WAL mode the journal is the log.
    const code = capi.sqlite3_file_control(db, 'main', capi.SQLITE_FCNTL_JOURNAL_POINTER, out);
    const log = wasm.peekPtr(out);
    assert(code === 0 && log !== 0, 'a database in WAL mode has a log');
    return log;
  } finally {
    wasm.pstack.restore(stack);
  }
}
