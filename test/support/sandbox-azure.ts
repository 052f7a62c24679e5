import { readFileSync } from 'node:fs';
import type { ClusterSeed, Counters, Fault, JournalEntry } from '../../sandbox/contract.ts';
import { APP, SERVICE } from '../../sandbox/world.ts';
import type { LiveSandbox } from './live-sandbox.ts';
import { type Answer, expectOk, getJson, type Json, send } from './sandbox-http.ts';

type Slot = 'primary' | 'secondary';

const ARM = 'https://management.azure.com/';
const VAULT = 'https://vault.azure.net';

/** Azure as its owner has it: what it saw, what it shall do wrong, and what a person does by hand. */
export interface SandboxAzure {
  readonly journal: () => Promise<readonly JournalEntry[]>;
  /** What Keyturn changed for one gateway, from `sinceSeq` on; minting counts. */
  readonly deedsFor: (gateway: string, sinceSeq?: number) => Promise<readonly JournalEntry[]>;
  /** Every gateway call it refused. */
  readonly refusals: () => Promise<readonly JournalEntry[]>;
  /** Number of the journal's last line. */
  readonly lastSeq: () => Promise<number>;
  readonly counters: () => Promise<Counters>;
  readonly fault: (fault: Fault) => Promise<void>;
  readonly noFaults: () => Promise<void>;
  /** Creates it; Keyturn discovers it. Its credential's id. */
  readonly createGateway: (gateway: string) => Promise<string>;
  readonly deleteGateway: (gateway: string) => Promise<void>;
  readonly regenerateKey: (gateway: string, slot: Slot) => Promise<void>;
  /** A token as the portal makes it. */
  readonly makeToken: (gateway: string, slot: Slot, expiry: Date) => Promise<string>;
  readonly setSecret: (name: string, value: string, tags?: object) => Promise<void>;
  /** Of the latest version: `{ attributes: { enabled } }`, or `{ tags }`. */
  readonly updateSecret: (name: string, changes: object) => Promise<void>;
  readonly deleteSecret: (name: string) => Promise<void>;
  /** Key Vault's latest version, or its refusal. */
  readonly secret: (name: string) => Promise<Answer>;
  /** A gateway's call with a value, as the container makes it: the status, and why it is refused. */
  readonly callAsGateway: (gateway: string, value: string) => Promise<string>;
}

export function sandboxAzure({ file, files }: LiveSandbox): SandboxAzure {
  const { arm, vault, control, serviceId, people } = file();
  const { urls } = JSON.parse(readFileSync(files.clusterSeed('edge-lyon'), 'utf8')) as ClusterSeed;
  const owner = async (resource: string): Promise<string> => {
    const query = `?resource=${encodeURIComponent(resource)}`;
    return (await getJson(`${people.ownerTokenUrl}${query}`)).access_token;
  };
  const toArm = async (method: string, path: string, body?: object): Promise<Json> => {
    const url = `${arm}${serviceId}/gateways/${path}?api-version=2024-05-01`;
    const headers = { 'if-match': '*' };
    const asking = { token: await owner(ARM), ...(body && { body }), ...(!body && { headers }) };
    return expectOk(method, url, await send(method, url, asking));
  };
  const toVault = async (method: string, path: string, body?: object): Promise<Answer> => {
    const url = `${vault}/secrets/${path}?api-version=7.4`;
    return send(method, url, { token: await owner(VAULT), ...(body && { body }) });
  };
  const changeSecret = async (method: string, path: string, body?: object) =>
    void expectOk(method, path, await toVault(method, path, body));
  const journal = async () => (await getJson(`${control}/control/journal`)) as JournalEntry[];

  return {
    journal,
    deedsFor: async (gateway, sinceSeq = 0) =>
      (await journal()).filter((entry) => {
        const name = 'gateway' in entry ? entry.gateway : entry.secret.replace(`${SERVICE}--`, '');
        return entry.by === APP && name === gateway && entry.seq > sinceSeq;
      }),
    refusals: async () => (await journal()).filter(({ kind }) => kind === 'gateway-refused'),
    lastSeq: async () => (await journal()).at(-1)?.seq ?? 0,
    counters: async () => (await getJson(`${control}/control/counters`)) as Counters,
    fault: async (fault) => {
      const url = `${control}/control/faults`;
      expectOk('POST', url, await send('POST', url, { body: fault }));
    },
    noFaults: async () => void (await send('DELETE', `${control}/control/faults`)),
    createGateway: async (gateway) => {
      await toArm('PUT', gateway, { properties: { description: 'made by a test' } });
      return `${SERVICE}--${gateway}`;
    },
    deleteGateway: (gateway) => toArm('DELETE', gateway),
    regenerateKey: (gateway, keyType) => toArm('POST', `${gateway}/regenerateKey`, { keyType }),
    makeToken: async (gateway, keyType, expiry) =>
      (await toArm('POST', `${gateway}/generateToken`, { keyType, expiry })).value,
    setSecret: (name, value, tags = {}) => changeSecret('PUT', name, { value, tags }),
    updateSecret: (name, changes) => changeSecret('PATCH', name, changes),
    deleteSecret: (name) => changeSecret('DELETE', name),
    secret: (name) => toVault('GET', name),
    callAsGateway: async (gateway, authorization) => {
      const url = `${urls.configuration}/gateways/${gateway}/configuration`;
      const { status, body } = await send('GET', url, { headers: { authorization } });
      return body?.reason ? `${status} ${body.reason}` : String(status);
    },
  };
}
