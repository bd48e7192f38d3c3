/** What a person does and sees in one tab of the app. Everything is found as a person finds it: by role and name. */
import { expect, type Locator, type Page } from '@playwright/test';
import type { Device } from './device.ts';

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

export class AppPage {
  readonly device: Device;
  readonly page: Page;

  constructor(device: Device, page: Page) {
    this.device = device;
    this.page = page;
  }

  /** Opens the app in a new tab at this path and waits until its database answers. */
  static async open(device: Device, path = '/'): Promise<AppPage> {
    const app = new AppPage(device, await device.openTab(path));
    await app.untilReady();
    return app;
  }

  /** Opens the app on a device that never saw it, and chooses English and Spanish. Waits until it can start offline. */
  static async firstRun(device: Device): Promise<AppPage> {
    const app = await AppPage.open(device);
    await app.page.getByLabel('I speak').selectOption('en');
    await app.page.getByLabel('I want to learn').selectOption('es');
    await app.page.getByRole('button', { name: 'Start learning Spanish' }).click();
    await expect(app.navigation).toBeVisible();
    await device.untilInstalled(app.page);
    return app;
  }

  /** A first run that ends with a new account. */
  static async withNewAccount(device: Device, credentials: Credentials): Promise<AppPage> {
    const app = await AppPage.firstRun(device);
    await app.signUp(credentials);
    await app.untilChip('synced');
    return app;
  }

  /** A device that never saw the app joins the account. */
  static async joining(device: Device, credentials: Credentials): Promise<AppPage> {
    const app = await AppPage.open(device, '/settings');
    await app.signIn(credentials);
    await app.untilChip('synced');
    await device.untilInstalled(app.page);
    return app;
  }

  get navigation(): Locator {
    return this.page.getByRole('navigation', { name: 'Main' });
  }

  get chip(): Locator {
    return this.page.getByRole('link', { name: /^Sync:/ });
  }

  /** The kind of the chip: opening, device, offline, waiting, syncing, synced, attention. */
  async untilChip(kind: string, words?: string | RegExp): Promise<void> {
    await expect(this.chip).toHaveAttribute('data-chip', kind);
    if (words !== undefined) await expect(this.chip).toContainText(words);
  }

  async untilReady(): Promise<void> {
    await expect(this.chip).toBeVisible();
    await expect(this.chip).not.toHaveAttribute('data-chip', 'opening');
  }

  /** By a tap in the navigation: the document stays. */
  async goTo(screen: 'Today' | 'Words' | 'Review' | 'Talk' | 'Read'): Promise<void> {
    await this.navigation.getByRole('link', { name: new RegExp(`^${screen}`) }).click();
  }

  async goToSync(): Promise<void> {
    await this.chip.click();
    await expect(this.page.getByRole('heading', { level: 1 })).toBeVisible();
  }

  /** Resolves when the app says that the word is kept. */
  async addWord(word: string, translation: string): Promise<void> {
    await this.fillNewWord(word, translation);
    await expect(this.page.getByRole('status').filter({ hasText: `“${word}” was added.` })).toBeVisible();
  }

  /** Asks for the word to be kept, without waiting for the answer. */
  async fillNewWord(word: string, translation: string): Promise<void> {
    await this.goTo('Today');
    const form = this.page.getByRole('form', { name: 'A new word?' });
    await form.getByLabel('Word in Spanish').fill(word);
    await form.getByLabel('Translation in English').fill(translation);
    await form.getByRole('button', { name: 'Add word' }).click();
  }

  editTranslation(word: string, translation: string): Promise<void> {
    return this.editWord(word, { 'Translation in English': translation });
  }

  /** By the labels of the form. */
  async editWord(word: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.goTo('Words');
    await this.word(word).click();
    for (const [label, value] of Object.entries(values)) await this.page.getByLabel(label).fill(value);
    await this.page.getByRole('button', { name: 'Save' }).click();
    await expect(this.page.getByRole('status').filter({ hasText: 'was saved' })).toBeVisible();
  }

  /** Its entry in the list of words. */
  word(word: string): Locator {
    return this.page.getByRole('list', { name: 'Words' }).getByRole('link').filter({ hasText: word });
  }

  async seesWord(word: string, translation?: string): Promise<void> {
    await this.goTo('Words');
    await expect(this.word(word)).toBeVisible();
    if (translation !== undefined) await expect(this.word(word)).toContainText(translation);
  }

  async search(text: string): Promise<void> {
    await this.goTo('Words');
    await this.page.getByRole('searchbox', { name: 'Search words' }).fill(text);
  }

  /** What the list of words says it holds. */
  async wordCount(): Promise<number> {
    await this.search('');
    const status = this.page.getByRole('status').filter({ hasText: /^[\d,]+ words?$/ });
    return Number((await status.textContent())?.replace(/\D/g, ''));
  }

  /** Found by searching, however long the list is. */
  async findsWord(word: string): Promise<void> {
    await this.search(word);
    await expect(this.word(word)).toBeVisible();
  }

  async seesWordCount(count: number): Promise<void> {
    await this.goTo('Words');
    const words = count === 1 ? '1 word' : `${new Intl.NumberFormat('en').format(count)} words`;
    await expect(this.page.getByRole('status').filter({ hasText: new RegExp(`^${words}$`) })).toBeVisible();
  }

  /** The message at the foot of the screen stays, as while a pointer is on it. */
  async holdToast(): Promise<void> {
    await this.page.locator('[role="status"] > [role="presentation"]').dispatchEvent('pointerenter');
  }

  /** The message is there and hides nothing of this. */
  async toastIsClearOf(control: Locator): Promise<void> {
    const toast = this.page.locator('[role="status"] > [role="presentation"]');
    await expect
      .poll(async () => {
        const [shown, below] = [await toast.boundingBox(), await control.boundingBox()];
        return shown && below && (shown.y + shown.height <= below.y || below.y + below.height <= shown.y);
      })
      .toBe(true);
  }

  async addStarterDeck(): Promise<void> {
    await this.goTo('Today');
    await this.page.getByRole('button', { name: /^Add \d+ words$/ }).click();
  }

  async signUp(credentials: Credentials): Promise<void> {
    await this.#openSettings();
    await this.#enter('Sign up', credentials);
  }

  async signIn(credentials: Credentials): Promise<void> {
    await this.#openSettings();
    await this.page.getByRole('button', { name: 'Sign in instead' }).click();
    await this.#enter('Sign in', credentials);
  }

  /** After the server has ended the session: the account is known, only the password is asked for. */
  async signInAgain({ name, password }: Credentials): Promise<void> {
    await this.#openSettings();
    await this.page.getByLabel(`Password of ${name}`).fill(password);
    await this.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  }

  /** `said`: what the app says about it before the person agrees. */
  async signOut(rows: 'keep' | 'remove', said?: string): Promise<void> {
    await this.#openSettings();
    await this.page.getByRole('button', { name: 'Sign out', exact: true }).click();
    if (said !== undefined) await expect(this.page.getByRole('dialog')).toContainText(said);
    await this.page.getByRole('radio', { name: rows === 'keep' ? /^Keep it/ : /^Remove it/ }).check();
    await this.page.getByRole('button', { name: `Sign out and ${rows}` }).click();
    await expect(this.page.getByRole('status').filter({ hasText: /^Signed out\./ })).toBeVisible();
  }

  /** A conversation with oneself; resolves when the message is kept. */
  async startConversation(message: string): Promise<void> {
    await this.goTo('Talk');
    await this.page.getByRole('button', { name: 'Start writing' }).click();
    await this.sendMessage(message);
  }

  async sendMessage(message: string): Promise<void> {
    await this.page.getByLabel('Message in Spanish').fill(message);
    await this.page.getByRole('button', { name: 'Send' }).click();
    await expect(this.page.getByRole('list', { name: 'Messages' })).toContainText(message);
  }

  /**
   * The database worker dies `delay` milliseconds after the page's next message to it, which `act` causes; nobody is told.
   */
  async killDatabaseWorkerDuring(act: () => Promise<void>, delay: number): Promise<void> {
    const killed = this.page.evaluate(
      (milliseconds) =>
        new Promise<void>((resolve) => {
          const prototype: { postMessage: (...args: never[]) => void } = Worker.prototype;
          prototype.postMessage = new Proxy(prototype.postMessage, {
            apply(post, worker: Worker, args) {
              Reflect.apply(post, worker, args);
              setTimeout(() => {
                worker.terminate();
                resolve();
              }, milliseconds);
            },
          });
        }),
      delay,
    );
    await act();
    await killed;
  }

  async #openSettings(): Promise<void> {
    await this.page.goto(this.device.url('/settings'));
    await this.untilReady();
  }

  async #enter(way: 'Sign up' | 'Sign in', { name, password }: Credentials): Promise<void> {
    await this.page.getByLabel('Name', { exact: true }).fill(name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: way, exact: true }).click();
  }
}
