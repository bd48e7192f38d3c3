/** What the list of signed-in devices calls this one. Only a label for the person: nothing is decided by it. */

interface BrowserNames {
  readonly userAgent: string;
  readonly userAgentData?: { readonly platform: string; readonly brands: readonly { readonly brand: string }[] };
}

const browsers = ['Edg', 'OPR', 'Firefox', 'Chrome', 'Safari'] as const;
const browserWords = { Edg: 'Edge', OPR: 'Opera', Firefox: 'Firefox', Chrome: 'Chrome', Safari: 'Safari' } as const;
const systems = ['Android', 'iPhone', 'iPad', 'Windows', 'Mac OS', 'CrOS', 'Linux'] as const;

export function deviceName(navigator: BrowserNames): string {
  const browser = browsers.find((name) => navigator.userAgent.includes(`${name}/`));
  const system = navigator.userAgentData?.platform || systems.find((name) => navigator.userAgent.includes(name));
  const words = browser === undefined ? 'Browser' : browserWords[browser];
  return system ? `${words} on ${system}` : words;
}
