/** What the server lets in about accounts, beside `credentialsSchema`. Wide bounds, as there. */
import Type from 'typebox';
import type { PasskeyResponse } from './account-messages.ts';
import { limits } from './limits.ts';

const closed = { additionalProperties: false } as const;
const password = Type.String({ maxLength: 10_000 });
const deviceName = Type.Optional(Type.String({ maxLength: 200 }));
const passkeyName = Type.String({ minLength: 1, maxLength: limits.passkeyName });

/** base64url; an attestation may carry certificates. */
const bytes = (maxLength: number) => ({ type: 'string', pattern: '^[A-Za-z0-9_-]*$', maxLength }) as const;

/** Browsers add members as the standard grows: those are bounded, and left to the library. */
const passkeyResponse = Type.Unsafe<PasskeyResponse>({
  type: 'object',
  required: ['id', 'rawId', 'type', 'response'],
  maxProperties: 20,
  properties: {
    id: bytes(1_400),
    rawId: bytes(1_400),
    type: { type: 'string', enum: ['public-key'] },
    response: {
      type: 'object',
      required: ['clientDataJSON'],
      maxProperties: 20,
      properties: {
        clientDataJSON: bytes(10_000),
        attestationObject: bytes(60_000),
        authenticatorData: bytes(10_000),
        signature: bytes(2_000),
        publicKey: bytes(10_000),
        transports: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 40 } },
      },
    },
  },
});

const proof = Type.Object({ password: Type.Optional(password), passkey: Type.Optional(passkeyResponse) }, closed);

export const passwordChangeSchema = Type.Object({ proof, newPassword: password }, closed);

export const accountDeletionSchema = Type.Object({ proof }, closed);

export const passkeyAdditionSchema = Type.Object({ name: passkeyName, passkey: passkeyResponse }, closed);

export const passkeyNameSchema = Type.Object({ name: passkeyName }, closed);

export const passkeySignInSchema = Type.Object({ passkey: passkeyResponse, deviceName }, closed);

export const idParamsSchema = Type.Object({ id: Type.String({ maxLength: limits.idLength }) }, closed);

export const exportQuerySchema = Type.Object(
  { format: Type.Union([Type.Literal('json'), Type.Literal('sqlite')]) },
  closed,
);

/** An uncompressed point of P-256 and 16 bytes, base64url. */
const pushKey = (length: number) => Type.String({ pattern: `^[A-Za-z0-9_-]{${length}}$` });

export const pushRequestSchema = Type.Object(
  {
    endpoint: Type.String({ minLength: 1, maxLength: limits.pushEndpoint }),
    keys: Type.Object({ p256dh: pushKey(87), auth: pushKey(22) }, closed),
    reminder: Type.Optional(
      Type.Object(
        {
          hour: Type.Union([Type.Integer({ minimum: 0, maximum: 23 }), Type.Null()]),
          timeZone: Type.String({ minLength: 1, maxLength: limits.timeZone }),
        },
        closed,
      ),
    ),
  },
  closed,
);
