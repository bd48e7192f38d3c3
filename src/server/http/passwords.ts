/** Password hashes: argon2id, 19 MiB, two passes (OWASP's first choice); about 11 ms each. */
import { hash, verify } from '@node-rs/argon2';

const cost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };

export interface Passwords {
  hash(password: string): Promise<string>;
  /** With `null`, for a name that nobody has, it takes as long and is false: time must not tell which names exist. */
  verify(passwordHash: string | null, password: string): Promise<boolean>;
}

export async function createPasswords(): Promise<Passwords> {
  const nobody = await hash('nobody', cost);
  return {
    hash: (password) => hash(password, cost),
    async verify(passwordHash, password) {
      const matches = await verify(passwordHash ?? nobody, password);
      return matches && passwordHash !== null;
    },
  };
}
