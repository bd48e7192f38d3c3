/** Bounds that both sides keep. Bytes are of the uncompressed JSON. */
export const limits = {
  /** Largest request body the server reads, after decompression. */
  requestBytes: 8_000_000,
  /** Most changes in one push. */
  pushChanges: 1_000,
  /** A client stops adding changes to a push here (a single larger change still goes, alone). */
  pushBytes: 2_000_000,
  /** Most rows in one pulled page. */
  pullRows: 5_000,
  /** A pulled page ends after the row that passes this. */
  pullBytes: 4_000_000,
  /** Longest row, conversation and device id, in characters. */
  idLength: 64,
  /** Most columns of a row, and most tables that the server does not know in one push. */
  rowColumns: 100,
  unknownTables: 20,
  /** Longest text in a column that the server does not know, in characters. */
  unknownText: 200_000,
  /** Most states of a device that a request names. */
  writers: 64,
  /** How far ahead of the server's clock a stamp may be, in milliseconds. */
  clockAhead: 5 * 60_000,
  /** A request without an answer is given up after this, in milliseconds. */
  requestTimeout: 30_000,
  nameLength: 80,
  /** Passkeys of one account. */
  passkeys: 20,
  passkeyName: 60,
  /** Browsers of one account that are woken by Web Push; beyond, the oldest are no more. */
  pushSubscriptions: 20,
  /** Longest address of a push service for one browser. */
  pushEndpoint: 2_000,
  timeZone: 64,
  passwordMin: 8,
  passwordMax: 256,
} as const;
