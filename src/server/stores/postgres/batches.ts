/**
 * Who asks while earlier asks are under way waits for its turn and then goes to the database together with all others that
 * wait: one round trip, one statement and one flush to the disk serve many. Who comes alone waits for nobody.
 */

export interface BatchOptions<Ask, Answer> {
  /** Batches under way at once: while one waits for the database, this process works on another. */
  readonly lanes: number;
  /** A batch takes asks up to this weight, or one that is heavier. */
  readonly heaviest: number;
  readonly weigh: (ask: Ask) => number;
  /** An answer for each, in order. What it throws is thrown to all of them; an `Error` among the answers to one. */
  readonly work: (asks: readonly Ask[]) => Promise<readonly (Answer | Error)[]>;
}

interface Waiting<Ask, Answer> {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

export function createBatches<Ask, Answer>(options: BatchOptions<Ask, Answer>): (ask: Ask) => Promise<Answer> {
  const { lanes, heaviest, weigh, work } = options;
  const waiting: Waiting<Ask, Answer>[] = [];
  let underWay = 0;
  let scheduled = false;

  /** After all that this turn of the event loop has read. */
  const schedule = (): void => {
    if (scheduled || waiting.length === 0 || underWay === lanes) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      void serve(next()).then(schedule);
      schedule();
    });
  };

  const next = (): Waiting<Ask, Answer>[] => {
    let weight = weigh(waiting[0]!.ask);
    let end = 1;
    while (end < waiting.length && (weight += weigh(waiting[end]!.ask)) <= heaviest) end += 1;
    return waiting.splice(0, end);
  };

  const serve = async (batch: readonly Waiting<Ask, Answer>[]): Promise<void> => {
    underWay += 1;
    try {
      const answers = await work(batch.map(({ ask }) => ask));
      batch.forEach(({ resolve, reject }, at) => {
        const answer = answers[at]!;
        if (answer instanceof Error) reject(answer);
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      underWay -= 1;
    }
  };

  return (ask) =>
    new Promise((resolve, reject) => {
      waiting.push({ ask, resolve, reject });
      schedule();
    });
}
