import { z } from 'zod';
import type { ClusterStatus, Counters, JournalEntry } from '../contract.ts';
import type { Http } from '../http.ts';
import { issuerOf } from '../seed.ts';
import type { World } from '../world.ts';

/** The people's token lives for an hour; a new one is cheap. */
const TOKEN_AGE_MS = 300_000;

/** Of `GET /v1/status`, what the timeline shows. */
const Status = z.object({
  credentials: z.array(
    z.object({
      id: z.string(),
      current: z.object({ sequence: z.number(), slot: z.string() }).optional(),
      slots: z
        .array(
          z.object({ name: z.string(), state: z.enum(['used', 'retiring', 'settling', 'clean']) }),
        )
        .optional(),
    }),
  ),
});
export type CredentialStatus = z.infer<typeof Status>['credentials'][number];

const History = z.object({
  entries: z.array(z.object({ at: z.iso.datetime(), event: z.string(), message: z.string() })),
});
export type HistoryEntry = z.infer<typeof History>['entries'][number];

const Token = z.object({ access_token: z.string() });

/** Where the timeline looks: Keyturn by its HTTP, the twin by its control API, the clusters by their status. */
export interface Sources {
  credentials(): Promise<readonly CredentialStatus[]>;
  /** Newest first. */
  history(credential: string): Promise<readonly HistoryEntry[]>;
  journal(since: number): Promise<readonly JournalEntry[]>;
  counters(): Promise<Counters>;
  cluster(port: number): Promise<ClusterStatus>;
}

export function openSources({ urls }: Pick<World, 'urls'>, http: Http): Sources {
  let reader: { readonly token: string; readonly sinceMs: number } | undefined;
  const readerToken = async (): Promise<string> => {
    if (!reader || Date.now() > reader.sinceMs + TOKEN_AGE_MS) {
      const token = await personToken(http, `${urls.control}/control/people/reader`);
      reader = { token, sinceMs: Date.now() };
    }
    return reader.token;
  };
  const status = async (path: string) =>
    http.get(`${urls.app}/v1/status${path}`, await readerToken());
  return {
    credentials: async () => Status.parse(await status('')).credentials,
    history: async (credential) =>
      History.parse(await status(`/${credential}/history?most=20`)).entries,
    // Both ends of these are the sandbox's own, typed by its contract.
    journal: async (since) =>
      (await http.get(`${urls.control}/control/journal?since=${since}`)) as JournalEntry[],
    counters: async () => (await http.get(`${urls.control}/control/counters`)) as Counters,
    cluster: async (port) => (await http.get(`${issuerOf(port)}/status`)) as ClusterStatus,
  };
}

/** An access token of a person of the sandbox. */
export async function personToken(http: Http, url: string): Promise<string> {
  return Token.parse(await http.get(url)).access_token;
}
