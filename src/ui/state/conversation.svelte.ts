/**
 * One open conversation. Where it follows a script, the partner's line is sent as soon as it is due, also after a kill in
 * between. Its message id is derived from conversation and line number: two devices make the same message, not two.
 */
import { v5 } from 'uuid';
import type { DatabaseFailure, LocalDatabase, Queries } from '../../client/db/api.ts';
import { nextLine, type Scenario } from './dialogue.ts';
import { LiveRows } from './live-rows.svelte.ts';

export interface ConversationPorts {
  readonly database: LocalDatabase;
  readonly now: () => number;
  readonly newId: () => string;
}

type Message = Queries['messages.list']['row'];

export class Conversation {
  readonly id: string;
  readonly #ports: ConversationPorts;
  readonly #messages: LiveRows<'messages.list'>;
  #scenario: Scenario | null = null;
  #failure = $state.raw<DatabaseFailure | null>(null);
  #replying = false;

  constructor(id: string, ports: ConversationPorts) {
    this.id = id;
    this.#ports = ports;
    this.#messages = new LiveRows(ports.database, 'messages.list');
  }

  /** Null until the database answered. */
  get messages(): readonly Message[] | null {
    return this.#messages.rows;
  }

  get failure(): DatabaseFailure | null {
    return this.#failure ?? this.#messages.failure;
  }

  open(scenario: Scenario | null): void {
    this.#scenario = scenario;
    this.#messages.open({ conversationId: this.id }, (messages) => void this.#replyTo(messages));
  }

  /** True when the message is on disk. */
  async send(body: string): Promise<boolean> {
    return this.#store({ id: this.#ports.newId(), author: 'learner', body });
  }

  close(): void {
    this.#messages.close();
  }

  async #replyTo(messages: readonly Message[]): Promise<void> {
    if (this.#scenario === null || this.#replying) return;
    const next = nextLine(this.#scenario, messages);
    if (next === null) return;
    this.#replying = true;
    await this.#store({ id: v5(`line-${next.index}`, this.id), author: 'tutor', body: next.line });
    this.#replying = false;
  }

  async #store(message: {
    readonly id: string;
    readonly author: 'learner' | 'tutor';
    readonly body: string;
  }): Promise<boolean> {
    const lastAt = this.messages?.at(-1)?.sent_at ?? 0;
    const at = Math.max(this.#ports.now(), lastAt + 1);
    const done = await this.#ports.database.mutate('messages.send', { ...message, conversationId: this.id, at });
    this.#failure = done.ok ? null : done.error;
    return done.ok;
  }
}
