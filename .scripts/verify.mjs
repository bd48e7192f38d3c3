/** `npm run verify`: everything that can be checked without running the code. */
import { checks, runSteps } from './steps.mjs';

process.exit(runSteps(checks) ? 0 : 1);
