/** The server's clock, given to it so that tests can set it. */
export interface ServerClock {
  /** Milliseconds since 1970. */
  now(): number;
}
