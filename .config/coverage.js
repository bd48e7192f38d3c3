/**
 * How much of which folder the tests in Node must run, in percent of statements and of branches. Held by `npm test` and by
 * `npm run coverage`. A floor is only ever raised.
 */
/** @type {Readonly<Record<string, { statements: number, branches: number }>>} */
export const coverageFloors = {
  'src/sync': { statements: 100, branches: 100 },
  'src/schema': { statements: 100, branches: 100 },
  'src/protocol': { statements: 100, branches: 100 },
  'src/server/exchange': { statements: 100, branches: 100 },
  'src/server/stores/sqlite': { statements: 100, branches: 100 },
};
