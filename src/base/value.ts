/** What a column can hold, the same on the wire, in SQLite and in memory. */
export type Value = string | number | null;
