/** A failure of the table, thrown: for places below a route, that have no reply or are not the ones to send it. */
import { errors, type ErrorCode } from '../../protocol/errors.ts';

/** Ends a request early from a place that has no reply: a body parser, a rate limit. Only for failures of the table. */
export class RequestFailure extends Error {
  readonly failure: ErrorCode;
  constructor(failure: ErrorCode, detail?: string) {
    super(detail ?? errors[failure].words);
    this.name = 'RequestFailure';
    this.failure = failure;
  }
}
