/** Guided dialogues by id and by language. */
import type { Scenario } from '../../../state/dialogue.ts';
import { spanishScenarios } from './es.ts';

const scenarios: readonly Scenario[] = spanishScenarios;

/** Null for a free conversation, and for a dialogue that only a newer version of the app has. */
export function scenarioOf(id: string): Scenario | null {
  return scenarios.find((scenario) => scenario.id === id) ?? null;
}

export function scenariosIn(language: string): readonly Scenario[] {
  return scenarios.filter((scenario) => scenario.language === language);
}
