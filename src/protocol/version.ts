/**
 * The wire format's version. Raised when a peer of the version before could misread a message.
 *
 * 1  2026-11  first: push and pull in one round trip, pulled rows column-wise, merge by column.
 */
export const protocolVersion = 1;
