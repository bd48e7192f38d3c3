/** How often each thing happens in a run, one against the others. */

export const deedWeights = {
  add: 5,
  edit: 6,
  delete: 2,
  replace: 1,
  start: 1,
  send: 3,
  rename: 1,
  deleteConversation: 0.4,
  review: 2,
  setting: 2,
  profile: 0.7,
};
export type DeedName = keyof typeof deedWeights;

export const faultWeights = {
  killTab: 2,
  killWorker: 3,
  tearCommit: 3,
  killServiceWorker: 5,
  restartServer: 1.5,
  partition: 2,
  clock: 3,
  leave: 8,
  disk: 1.5,
  visibility: 5,
  freeze: 1,
  openTab: 2,
  stall: 2,
  syncEvent: 5,
  account: 2,
  session: 0.5,
  restoreServer: 1.5,
  compact: 1.5,
  backUpDevice: 0.7,
  restoreDevice: 1.2,
  retire: 1,
  refuse: 1.5,
};

export type FaultName = keyof typeof faultWeights;
