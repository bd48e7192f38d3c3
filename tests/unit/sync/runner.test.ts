/** The runner does what the machine asks for, through ports that a test holds in its hands. */
import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '../../../src/base/result.ts';
import type { Failure } from '../../../src/protocol/errors.ts';
import type { SyncReply } from '../../../src/protocol/messages.ts';
import type { Batch, ExchangeResult, NextAttempt, SyncStore } from '../../../src/sync/ports.ts';
import { createRunner, type RunnerPorts } from '../../../src/sync/runner.ts';

const batch: Batch = {
  ...{ user: 'ana', device: 'a', schema: 2, writers: [], epoch: 'e', cursor: 4, known: 4, isNew: false, loads: 0 },
  ...{ changes: [], more: false, attempts: 0, interval: null, unread: {} },
};
const reply: SyncReply = {
  ...{ results: [], changes: [], cursor: 5, epoch: 'e', head: 5, more: false, clock: 9, serverTime: 1_000 },
};

function ports(exchange: () => Promise<Result<ExchangeResult, Failure>>): RunnerPorts & { readonly calls: string[] } {
  const calls: string[] = [];
  const note = <T>(name: string, value: T): Promise<T> => {
    calls.push(name);
    return Promise.resolve(value);
  };
  return {
    calls,
    store: {
      gather: (direction) => note(`gather ${direction}`, ok(batch)),
      apply: () => note('apply', ok({ tables: {}, more: false })),
      setAside: (sent, { code }) => note(`set aside ${sent.changes[0]!.id}: ${code}`, ok({ tables: {}, more: false })),
      correctClock: (serverTime) => note(`correct ${serverTime}`, ok(null)),
      takeNewId: () => note('take a new id', ok(null)),
      beginReload: ({ cause }) => note(`reload ${cause}`, ok(null)),
      record: (report) => note(`record ${report.error?.code ?? 'ok'}`, ok(null)),
    },
    transport: { exchange: () => note('exchange', null).then(exchange) },
    clock: { now: () => 1_000 },
    random: { next: () => 0.5 },
    interval: 900_000,
  };
}

const answered = (): Promise<Result<ExchangeResult, Failure>> => Promise.resolve(ok({ reply, sent: 1, received: 2 }));

describe('the runner', () => {
  it('gathers, exchanges, applies and records, in this order', async () => {
    const world = ports(answered);
    const outcome = await createRunner(world).sync('both');
    expect(world.calls).toEqual(['gather both', 'exchange', 'apply', 'record ok']);
    expect(outcome).toMatchObject({ kind: 'done', report: { bytesSent: 1, bytesReceived: 2, error: null } });
  });

  it('corrects the clock when the server refuses it, then tries again', async () => {
    let tries = 0;
    const world = ports(() => {
      tries += 1;
      return tries === 1 ? Promise.resolve(err({ code: 'clock_ahead', serverTime: 77 })) : answered();
    });
    await createRunner(world).sync('up');
    expect(world.calls).toEqual(['gather up', 'exchange', 'correct 77', 'gather up', 'exchange', 'apply', 'record ok']);
  });

  it.each([
    ['device_taken', 'take a new id'],
    ['history_compacted', 'reload away'],
  ] as const)('mends what the server answers with %s, then tries again', async (code, mended) => {
    let tries = 0;
    const world = ports(() => {
      tries += 1;
      return tries === 1 ? Promise.resolve(err({ code })) : answered();
    });
    await createRunner(world).sync('both');
    expect(world.calls.slice(0, 3)).toEqual(['gather both', 'exchange', mended]);
    expect(world.calls.at(-1)).toBe('record ok');
  });

  it('sets a change aside for which alone the server refuses requests, then goes on', async () => {
    const change = { table: 'setting', id: 's', op: 'delete', stamp: 5, baseSeq: 1 } as const;
    let isThere = true;
    const world = ports(() => Promise.resolve(err({ code: 'invalid' })));
    const refusing: RunnerPorts = {
      ...world,
      store: {
        ...world.store,
        gather: () => Promise.resolve(ok({ ...batch, changes: isThere ? [change] : [] })),
        setAside: (sent, refusal) => {
          isThere = false;
          return world.store.setAside(sent, refusal);
        },
      },
      transport: {
        exchange: ({ changes }) => (changes.length > 0 ? Promise.resolve(err({ code: 'invalid' })) : answered()),
      },
    };
    expect(await createRunner(refusing).sync('both')).toMatchObject({ kind: 'done', report: { error: null } });
    expect(world.calls).toEqual(['set aside s: invalid', 'apply', 'record ok']);
  });

  it('gives a failure as the outcome', async () => {
    const world = ports(() => Promise.resolve(err({ code: 'offline' })));
    expect(await createRunner(world).sync('both')).toMatchObject({
      kind: 'done',
      report: { error: { code: 'offline' } },
    });
  });

  it('goes by its clock, its chance and its interval', async () => {
    const world = ports(() => Promise.resolve(err({ code: 'unavailable' })));
    const nexts: NextAttempt[] = [];
    const store: SyncStore = {
      ...world.store,
      record: (report, next) => {
        expect([report.startedAt, report.finishedAt]).toEqual([1_000, 1_000]);
        nexts.push(next);
        return Promise.resolve(ok(null));
      },
    };
    await createRunner({ ...world, store }).sync('both');
    await createRunner({ ...world, store, transport: { exchange: answered } }).sync('both');
    expect(nexts).toEqual([
      { attempts: 1, at: 1_000 + 0.5 * 2_000 },
      { attempts: 0, at: 1_000 + 900_000 },
    ]);
  });

  it('never runs two at once: what is asked for meanwhile runs once afterwards', async () => {
    const world = ports(answered);
    const runner = createRunner(world);
    const all = await Promise.all([runner.sync('both'), runner.sync('down'), runner.sync('up')]);
    expect(world.calls.filter((call) => call.startsWith('gather'))).toEqual(['gather both', 'gather both']);
    expect(new Set(all).size).toBe(1);
  });

  it('runs again after it has ended', async () => {
    const world = ports(answered);
    const runner = createRunner(world);
    await runner.sync('both');
    await runner.sync('down');
    expect(world.calls.filter((call) => call.startsWith('gather'))).toEqual(['gather both', 'gather down']);
  });

  it('ends even when the run cannot be recorded', async () => {
    const world = ports(answered);
    const full = {
      ...world,
      store: { ...world.store, record: () => Promise.resolve(err({ code: 'storage_full' as const })) },
    };
    expect(await createRunner(full).sync('both')).toMatchObject({ kind: 'done' });
  });
});
