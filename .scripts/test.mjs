/** `npm test`: installs what is missing, then all checks and all tests. Its last line is `N passed, N failed`. */
import { ensureInstalled } from './install.mjs';
import { checkNodeVersion } from './node-version.mjs';

checkNodeVersion();
ensureInstalled();
// From here on node_modules is there: these import from it.
const { ensureChromium, howToGetChromium } = await import('./browser.mjs');
const { checks, runSteps, tests } = await import('./steps.mjs');

const browser = ensureChromium();
if (!browser) console.error(howToGetChromium);
process.exit(runSteps([...checks, ...tests(browser)]) ? 0 : 1);
