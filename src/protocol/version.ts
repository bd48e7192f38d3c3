/**
 * The wire format's version. Raised when a peer of the version before could misread a message.
 *
 * 1  2026-11  first: push and pull in one round trip, pulled rows column-wise, merge by column.
 * 2  2026-11  devices and histories: a request names the device's writers and the server's epoch; the server can ask for
 *             a new device id or a fresh load; the account's devices; a new device can ask for a preview. Not released
 *             yet: added to in place until it is.
 */
export const protocolVersion = 2;

/** The newest version that was released: its messages are what they are. A newer one may still grow. */
export const releasedProtocol = 1;
