/**
 * A guided dialogue is a script, not a mind: after each message of the learner, the partner says the next written line.
 * Where a conversation stands follows from its messages alone, so that any device at any time goes on correctly.
 */

export interface DialogueStep {
  /** What the partner says. */
  readonly line: string;
  readonly translation: string;
  /** A possible answer; absent where the dialogue ends. */
  readonly hint?: string;
  readonly hintTranslation?: string;
}

export interface Scenario {
  readonly id: string;
  readonly language: string;
  readonly title: string;
  /** Where the person is and what they want, in the native language. */
  readonly situation: string;
  readonly icon: 'wave' | 'coffee' | 'compass' | 'basket' | 'bed' | 'health' | 'train' | 'plate';
  readonly steps: readonly DialogueStep[];
}

interface Message {
  readonly author: 'learner' | 'tutor';
}

/** The partner's line that is due now, or null: it is the learner's turn, or the script is at its end. */
export function nextLine(
  scenario: Scenario,
  messages: readonly Message[],
): { readonly index: number; readonly line: string } | null {
  if (messages.at(-1)?.author === 'tutor') return null;
  const index = said(messages);
  const step = scenario.steps[index];
  return step === undefined ? null : { index, line: step.line };
}

/** The step whose line was said last, or null before the first. */
export function currentStep(scenario: Scenario, messages: readonly Message[]): DialogueStep | null {
  return scenario.steps[said(messages) - 1] ?? null;
}

/** Whether every line was said. */
export function finished(scenario: Scenario, messages: readonly Message[]): boolean {
  return said(messages) >= scenario.steps.length;
}

function said(messages: readonly Message[]): number {
  return messages.reduce((count, message) => count + (message.author === 'tutor' ? 1 : 0), 0);
}
