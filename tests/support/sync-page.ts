/** What a person does and sees on the Sync screen, and where they choose what happens when two devices disagree. */
import { expect, type Locator } from '@playwright/test';
import type { AppPage } from './app-page.ts';

export class SyncPage {
  readonly app: AppPage;

  constructor(app: AppPage) {
    this.app = app;
  }

  static async open(app: AppPage): Promise<SyncPage> {
    await app.goToSync();
    return new SyncPage(app);
  }

  get main(): Locator {
    return this.app.page.getByRole('main');
  }

  /** What waits for the person's decision about this entry. */
  open(title: string): Locator {
    return this.#section('For you to decide').getByRole('listitem', { name: title });
  }

  /** What was decided about it, by the app or by the person. */
  decided(title: string): Locator {
    return this.#section('Decided before').getByRole('listitem', { name: title });
  }

  async decide(title: string, choice: RegExp): Promise<void> {
    await this.open(title).getByRole('button', { name: choice }).click();
    await expect(this.open(title)).toHaveCount(0);
  }

  async decideWithOwn(title: string, value: string): Promise<void> {
    await this.open(title).getByRole('button', { name: 'Write another…' }).click();
    await this.open(title).getByLabel('A value of your own').fill(value);
    await this.open(title).getByRole('button', { name: 'Use this', exact: true }).click();
    await expect(this.open(title)).toHaveCount(0);
  }

  /** A figure of the list with this heading: what stands beside its label. */
  figure(heading: string, label: string): Locator {
    const rows = this.#section(heading).locator('dl > div');
    return rows.filter({ has: this.app.page.getByText(label, { exact: true }) }).locator('dd');
  }

  #section(heading: string): Locator {
    return this.app.page.getByRole('region', { name: heading });
  }
}

/** For everything, or for one kind of data or a part of it by its label. */
export async function chooseWay(app: AppPage, way: string, kinds: readonly string[] = []): Promise<void> {
  await openWays(app);
  if (kinds.length === 0) await app.page.getByRole('radio', { name: way }).check();
  else await waySelect(app, kinds).selectOption(way);
  await expect(app.page.getByRole('status').filter({ hasText: 'It holds on all your devices' })).toBeVisible();
}

/** The choice for a kind of data, or for a part of it: `['Words', 'Note']`. */
export function waySelect(app: AppPage, [kind, part]: readonly string[]): Locator {
  const section = app.page.getByRole('region', { name: kind ?? '', exact: true });
  return section.getByLabel(part ?? kind ?? '', { exact: true });
}

export async function openWays(app: AppPage): Promise<void> {
  await app.page.goto(app.device.url('/settings/disagreements'));
  await app.page.getByText('Other ways for some kinds of data').click();
}
