import { describe, expect, it } from 'vitest';
import { FakeLocalDatabase } from '../../support/fake-local-database.ts';
import { tables } from '../../../src/schema/tables.ts';
import { scenarioOf, scenariosIn } from '../../../src/ui/features/talk/scenarios/all.ts';
import { Conversation } from '../../../src/ui/state/conversation.svelte.ts';
import { currentStep, finished, nextLine, type Scenario } from '../../../src/ui/state/dialogue.ts';

const conversationId = '0190d5a0-0000-7000-8000-000000000001';
const scenarios = scenariosIn('es');
const script: Scenario = {
  id: 'test',
  language: 'es',
  title: 'Test',
  situation: 'A test.',
  icon: 'wave',
  steps: [
    { line: 'uno', translation: 'one', hint: 'a', hintTranslation: 'a' },
    { line: 'dos', translation: 'two', hint: 'b', hintTranslation: 'b' },
    { line: 'tres', translation: 'three' },
  ],
};
const tutor = { author: 'tutor' } as const;
const learner = { author: 'learner' } as const;

describe('the guided dialogues', () => {
  it('are at least six, each with its own id', () => {
    expect(scenarios.length).toBeGreaterThanOrEqual(6);
    expect(new Set(scenarios.map(({ id }) => id)).size).toBe(scenarios.length);
  });

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '%s is whole: lines, translations, hints',
    (id, scenario) => {
      expect(scenarioOf(id)).toBe(scenario);
      expect(id.length).toBeLessThanOrEqual(tables.conversation.columns.scenario.maxLength);
      expect(scenario.title.length).toBeLessThanOrEqual(tables.conversation.columns.title.maxLength);
      expect(scenario.steps.length).toBeGreaterThanOrEqual(5);
      // A line names the partner's message to look its translation up, so it must not come twice.
      expect(new Set(scenario.steps.map(({ line }) => line)).size).toBe(scenario.steps.length);
      for (const [index, step] of scenario.steps.entries()) {
        const last = index === scenario.steps.length - 1;
        expect(step.line).not.toBe('');
        expect(step.translation).not.toBe('');
        expect(Boolean(step.hint), step.line).toBe(!last);
        expect(Boolean(step.hintTranslation), step.line).toBe(!last);
      }
    },
  );

  it('are absent for a language without any, and for an id of another version', () => {
    expect(scenariosIn('fr')).toEqual([]);
    expect(scenarioOf('es-space-station')).toBeNull();
    expect(scenarioOf('')).toBeNull();
  });
});

describe('a script', () => {
  it('begins with the partner and waits for the learner', () => {
    expect(nextLine(script, [])).toEqual({ index: 0, line: 'uno' });
    expect(nextLine(script, [tutor])).toBeNull();
  });

  it('goes on one line for each message of the learner, however many they send', () => {
    expect(nextLine(script, [tutor, learner])).toEqual({ index: 1, line: 'dos' });
    expect(nextLine(script, [tutor, learner, learner])).toEqual({ index: 1, line: 'dos' });
  });

  it('ends after its last line', () => {
    const all = [tutor, learner, tutor, learner, tutor];
    expect(nextLine(script, [...all, learner])).toBeNull();
    expect(finished(script, all)).toBe(true);
    expect(finished(script, all.slice(0, 3))).toBe(false);
  });

  it('hints at an answer to the line said last', () => {
    expect(currentStep(script, [])).toBeNull();
    expect(currentStep(script, [tutor, learner, tutor])?.hint).toBe('b');
  });
});

describe('a conversation', () => {
  it('lets the partner begin, and answer each message once', async () => {
    const { conversation, database, settle, bodies } = opened(script);
    await settle();
    expect(bodies()).toEqual(['uno']);
    expect(await conversation.send('hola')).toBe(true);
    await settle();
    expect(bodies()).toEqual(['uno', 'hola', 'dos']);
    expect(database.asked.filter((name) => name === 'messages.send')).toHaveLength(3);
  });

  it('keeps the order of messages that are sent in one millisecond', async () => {
    const { conversation, settle, bodies } = opened(script);
    await settle();
    await conversation.send('a');
    await settle();
    await conversation.send('b');
    await settle();
    expect(bodies()).toEqual(['uno', 'a', 'dos', 'b', 'tres']);
  });

  it('makes the same partner message on two devices', async () => {
    const first = opened(script);
    const second = opened(script);
    await first.settle();
    await second.settle();
    expect([...first.database.messages.keys()]).toEqual([...second.database.messages.keys()]);
  });

  it('answers a message after the app was killed in between', async () => {
    const database = new FakeLocalDatabase();
    await database.mutate('messages.send', { id: 'm1', conversationId, author: 'tutor', body: 'uno', at: 1 });
    await database.mutate('messages.send', { id: 'm2', conversationId, author: 'learner', body: 'hola', at: 2 });
    const { settle, bodies } = opened(script, database);
    await settle();
    expect(bodies()).toEqual(['uno', 'hola', 'dos']);
  });

  it('without a script only keeps what the person writes', async () => {
    const { conversation, settle, bodies } = opened(null);
    await settle();
    await conversation.send('querido diario');
    await settle();
    expect(bodies()).toEqual(['querido diario']);
  });

  it('says when a message could not be kept, and keeps nothing half', async () => {
    const { conversation, database, settle, bodies } = opened(null);
    await settle();
    database.failure = { code: 'storage_full', detail: 'disk' };
    expect(await conversation.send('hola')).toBe(false);
    expect(conversation.failure?.code).toBe('storage_full');
    expect(bodies()).toEqual([]);
    database.failure = null;
    expect(await conversation.send('hola')).toBe(true);
    expect(conversation.failure).toBeNull();
  });
});

function opened(scenario: Scenario | null, database = new FakeLocalDatabase()) {
  let count = 0;
  const conversation = new Conversation(conversationId, {
    database,
    now: () => 5,
    newId: () => `message-${(count += 1)}`,
  });
  conversation.open(scenario);
  const settle = async () => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  };
  return { conversation, database, settle, bodies: () => (conversation.messages ?? []).map(({ body }) => body) };
}
