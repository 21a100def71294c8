import type { Connection, Credentials } from './connection.ts';

/** Credentials, and how often they had been renewed when they were handed out. */
export interface Held {
  readonly credentials: Credentials;
  readonly generation: number;
}

/** Hands out credentials; `refused` names those that met a 401. However many were refused at once, an exec plugin runs once. */
export type Renewal = (refused?: Held) => Promise<Held>;

export function renewal(connection: Connection): Renewal {
  let generation = 0;
  let renewing: Promise<void> | null = null;
  const renew = async () => {
    try {
      await connection.credentials(true);
      generation += 1;
    } finally {
      renewing = null;
    }
  };
  return async (refused) => {
    if (refused?.generation === generation) renewing ??= renew();
    await renewing;
    return { credentials: await connection.credentials(), generation };
  };
}
