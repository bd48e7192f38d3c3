/** What must hold in the end, when all is healed and everyone has synced: I3, I4, I7, and no change twice (I5). */
import { columnsOf } from '../../src/schema/tables.ts';
import type { Device } from './device.ts';
import type { Server } from './server.ts';
import type { Typed } from './typed.ts';
import type { Verdict } from './verdict.ts';

interface End {
  readonly devices: readonly Device[];
  readonly server: Server;
  readonly typed: Typed;
  readonly verdict: Verdict;
  readonly users: readonly string[];
}

export function checkEnd(end: End): void {
  for (const device of end.devices) checkDevice(device, end);
  for (const user of end.users) checkColours(user, end);
  for (const user of end.users) checkTexts(user, end);
}

function checkDevice(device: Device, { server, verdict }: End): void {
  const { view } = device.record;
  const report = (message: string): void => verdict.report('I3', `${device.name}: ${message}`);
  if (device.lastSync) report(`the last sync ended with ${device.lastSync.code}`);
  if (view.outbox.size > 0) report(`${[...view.outbox.keys()].join(', ')} still wait`);
  if (view.held.size > 0) report(`${[...view.held.keys()].join(', ')} are still set aside`);
  if (view.lacks > 0) report('has not got all that came with its update');
  if (device.record.waits > 0) report('edits were never answered');
  if (view.user === null) return report('is not signed in');
  const theirs = server.rowsOf(view.user);
  for (const [key, row] of view.rows) {
    const there = theirs.get(key);
    if (!there || there.deleted) report(`${key} is here and not on the server`);
    const off = columnsOf(row.table).find((_, index) => there?.values[index] !== row.values[index]);
    if (there && !there.deleted && off !== undefined) report(`${key}.${off} is not the server's`);
  }
  for (const [key, row] of theirs) if (!row.deleted && !view.rows.has(key)) report(`${key} is missing`);
}

/** What only the newer app knows is alike where there is one. */
function checkColours(user: string, { devices, verdict }: End): void {
  const theirs = devices.filter(({ record }) => record.view.user === user);
  const seen = theirs.flatMap(({ tabs }) => tabs.map(({ worker }) => worker?.colours ?? null));
  const colours = new Set(seen.filter((each) => each !== null));
  if (colours.size > 1)
    verdict.report('I3', `words of ${user} have other colours on another device: ${[...colours].join(' ')}`);
}

function checkTexts(user: string, { server, typed, verdict }: End): void {
  const rows = [...server.rowsOf(user).values()].filter((row) => !row.deleted);
  const all = JSON.stringify(rows.map((row) => row.values));
  const found = new Set(all.match(/text \d+\./g) ?? []);
  for (const text of typed.standing(user)) {
    if (!found.has(text)) verdict.report('I4', `"${text}" of ${user} is nowhere`);
  }
  for (const text of found) {
    const owner = typed.ownerOf(text);
    if (owner === null || owner === user) continue;
    const row = rows.find(({ values }) => JSON.stringify(values).includes(text));
    verdict.report('I7', `"${text}" of ${owner} is with ${user}: ${JSON.stringify(row)}`);
  }
}
