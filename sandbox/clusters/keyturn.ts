import { z } from 'zod';
import type { StoredVersion } from './state.ts';

const TIMEOUT_MS = 10_000;

const Credential = z.object({
  version: z.int().positive(),
  value: z.string().min(1),
});

/** Is on every answer, because a 304 has no body which could say it. */
const POLL_HEADER = 'keyturn-poll-after';

/** What Keyturn answered to a pull: a version, if the cluster did not have it, and when to ask again. */
interface Pulled {
  readonly version: StoredVersion | undefined;
  readonly pollAfterMs: number;
}

export interface AdoptionReport {
  readonly stored: number;
  readonly running: readonly { readonly version: number; readonly pods: number }[];
  readonly desired: number;
}

/** Keyturn refused or could not answer. `retryAfterMs` is its wish, if it had one. */
export class KeyturnRefusal extends Error {
  readonly retryAfterMs: number | undefined;

  constructor(response: Response) {
    super(`Keyturn answered ${response.status}`);
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** Keyturn's HTTP as a consumer sees it. */
export interface Keyturn {
  pull(credential: string, etag: string | undefined): Promise<Pulled>;
  reportAdoption(credential: string, report: AdoptionReport): Promise<void>;
}

interface Call extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

export function openKeyturn(app: string, logIn: () => Promise<string>): Keyturn {
  const send = async (path: string, init: Call): Promise<Response> => {
    const headers = { ...init.headers, authorization: `Bearer ${await logIn()}` };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return fetch(`${app}/v1/credentials/${path}`, { ...init, headers, signal });
  };
  return {
    async pull(credential, etag) {
      return toPulled(await send(credential, etag ? { headers: { 'if-none-match': etag } } : {}));
    },
    async reportAdoption(credential, report) {
      const response = await send(`${credential}/adoption`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(report),
      });
      await response.body?.cancel();
      if (!response.ok) throw new KeyturnRefusal(response);
    },
  };
}

async function toPulled(response: Response): Promise<Pulled> {
  if (!response.ok && response.status !== 304) {
    await response.body?.cancel();
    throw new KeyturnRefusal(response);
  }
  const pollAfterMs = Number(response.headers.get(POLL_HEADER) ?? 0) * 1_000;
  if (response.status === 304) return { version: undefined, pollAfterMs };
  const { version, value } = Credential.parse(await response.json());
  const etag = response.headers.get('etag') ?? '';
  return { version: { sequence: version, value, etag }, pollAfterMs };
}
