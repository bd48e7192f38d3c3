import { describe, expect, it } from 'vitest';
import { err, ok } from '../../../../src/base/result.ts';
import { RequestTable, type Question } from '../../../../src/client/db/request-table.ts';

const query: Question = { kind: 'query', name: 'profile.get', args: {} };
const subscription: Question = { kind: 'subscribe', name: 'settings.all', args: {} };
const response = (id: number, value: unknown) => ({ kind: 'response', id, result: ok(value) }) as const;

describe('the table of open requests', () => {
  it('keeps a request until it is answered, and answers it once', () => {
    const table = new RequestTable();
    const answers: unknown[] = [];
    const { id } = table.add(query, (result) => answers.push(result));
    expect(table.open()).toEqual([{ ...query, id }]);
    table.answer(response(id, 'first'));
    table.answer(response(id, 'late duplicate'));
    expect(answers).toEqual([ok('first')]);
    expect(table.open()).toEqual([]);
  });

  it('keeps a subscription, however often it is answered, until it is removed', () => {
    const table = new RequestTable();
    const answers: unknown[] = [];
    const { id } = table.add(subscription, (result) => answers.push(result));
    table.answer(response(id, 1));
    table.answer(response(id, 2));
    expect(answers).toHaveLength(2);
    expect(table.open()).toHaveLength(1);
    table.remove(id);
    table.answer(response(id, 3));
    expect(answers).toHaveLength(2);
  });

  it('gives what is open in the order asked', () => {
    const table = new RequestTable();
    const ignore = (): void => undefined;
    const ids = [query, subscription, query].map((question) => table.add(question, ignore).id);
    table.answer(response(ids[0]!, null));
    expect(table.open().map((request) => request.id)).toEqual(ids.slice(1));
  });

  it('fails everything when no leader will come, and keeps subscriptions for one that does after all', () => {
    const table = new RequestTable();
    const answers: unknown[] = [];
    table.add(query, (result) => answers.push(result));
    table.add(subscription, (result) => answers.push(result));
    const failure = { code: 'storage_failed', detail: 'x' } as const;
    table.failAll(failure);
    expect(answers).toEqual([err(failure), err(failure)]);
    expect(table.open()).toHaveLength(1);
  });
});
