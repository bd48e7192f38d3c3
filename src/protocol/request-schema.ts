/**
 * What the server lets in, as JSON schemas (the shapes are those of `messages.ts`). Structure only: whether a table, a
 * column or a value is right is decided change by change (`schema/validate.ts`), so that one bad change does not stop the
 * rest of a push. Unknown properties are refused: a new one needs a new protocol version.
 */
import Type from 'typebox';
import type { Value } from '../base/value.ts';
import { limits } from './limits.ts';
import type { Sequence, Stamp, WriterState } from './messages.ts';

const closed = { additionalProperties: false } as const;
/** Longest name of anything in a change; what is longer cannot be ours. */
const nameLength = 200;
const idPattern = `^[A-Za-z0-9_.:-]{1,${limits.idLength}}$`;

const stamp = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const sequence = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const value = Type.Unsafe<Value>({ type: ['string', 'number', 'null'] });

/** By column name. Not `Type.Record`: its pattern leaves names with a line break unchecked. */
function byColumn<T>(entry: object) {
  return Type.Unsafe<Readonly<Record<string, T>>>({
    type: 'object',
    additionalProperties: entry,
    maxProperties: limits.rowColumns,
  });
}

const writerState = Type.Unsafe<WriterState>({
  type: 'array',
  items: [{ type: 'string', pattern: idPattern }, stamp],
  minItems: 2,
  maxItems: 2,
  additionalItems: false,
});

const change = Type.Object(
  {
    table: Type.String({ maxLength: nameLength }),
    id: Type.String({ maxLength: nameLength }),
    op: Type.Union([Type.Literal('insert'), Type.Literal('update'), Type.Literal('delete')]),
    stamp,
    stamps: Type.Optional(byColumn<Stamp>(stamp)),
    values: Type.Optional(byColumn<Value>(value)),
    baseSeq: sequence,
    base: Type.Optional(
      byColumn<readonly [Sequence, Value]>({
        type: 'array',
        items: [sequence, value],
        minItems: 2,
        maxItems: 2,
        additionalItems: false,
      }),
    ),
  },
  closed,
);

export const syncRequestSchema = Type.Object(
  {
    protocol: Type.Integer({ minimum: 1 }),
    schema: Type.Integer({ minimum: 1 }),
    user: Type.String({ minLength: 1, maxLength: limits.idLength }),
    device: Type.String({ pattern: idPattern }),
    writers: Type.Array(writerState, { maxItems: limits.writers }),
    epoch: Type.String({ maxLength: nameLength }),
    cursor: sequence,
    known: sequence,
    changes: Type.Array(change, { maxItems: limits.pushChanges }),
    limit: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    preview: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Wide bounds: names and passwords out of theirs get an answer of their own, with words for the person. */
export const credentialsSchema = Type.Object(
  {
    name: Type.String({ maxLength: 1_000 }),
    password: Type.String({ maxLength: 10_000 }),
    deviceName: Type.Optional(Type.String({ maxLength: nameLength })),
  },
  closed,
);

export const eventsQuerySchema = Type.Object({ device: Type.Optional(Type.String({ pattern: idPattern })) }, closed);

export const deviceParamsSchema = Type.Object({ id: Type.String({ pattern: idPattern }) }, closed);
