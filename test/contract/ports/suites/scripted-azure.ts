import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openApiManagement } from '../../../../shared/azure/api-management.ts';
import { openKeyVault } from '../../../../shared/azure/key-vault.ts';
import type { Access } from '../../../../shared/azure/pipeline.ts';
import { openReconcileQueue } from '../../../../shared/azure/queue.ts';
import { openTables } from '../../../../shared/azure/tables.ts';
import { Secret } from '../../../../shared/core/secret.ts';
import type { Issuer, Ports } from '../../../../shared/ports.ts';
import { trustedAuthority } from '../../../support/certificates.ts';
import {
  startScriptedServer,
  type Received,
  type Scripted,
  type ScriptedServer,
} from '../../../support/scripted-server.ts';
import { testPolicy } from './policy.ts';
import { emptyRecord } from './record.ts';

export const CALL_TIMEOUT_MS = 300;

/** When a test's clock stands, unless it says otherwise, and the deadline of its writes. */
export const NOW_MS = 1_795_000_000_000;
export const DEADLINE_AT_MS = NOW_MS + 60_000;

/** A published value; whatever a test finds `c2VjcmV0` in has leaked it. */
export const VALUE = 'GatewayKey paris&202612010000&c2VjcmV0';

export const POLICY = testPolicy(
  '/subscriptions/22222222-2222-4333-8444-555555555555/resourceGroups/rg/providers/Microsoft.ApiManagement/service/contoso/gateways/paris',
);

export interface Clients extends Pick<Ports, 'records' | 'queue' | 'vault'> {
  readonly issuer: Issuer;
}

export interface ScriptedAzure {
  /** From now on calls are answered so, but for the making of tables and Key Vault's challenge. */
  script(respond: (request: Received) => Scripted): void;
  /** What was received since `script`, without the making of tables. */
  received(): readonly Received[];
  /** Fresh clients, which have met no challenge and made no table yet. */
  open(changes?: Partial<Access>): Clients;
  /** Clients of a port at which nobody listens. */
  openClosed(): Promise<Clients>;
}

/** Our adapters before a server which answers as a test wants it. Call it once, at the top of a file. */
export function scriptedAzure(): ScriptedAzure {
  let directory: string;
  let server: ScriptedServer;
  const start = async () => startScriptedServer(await trustedAuthority(directory));
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'keyturn-scripted-'));
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  });

  const received = () => server.received.filter((request) => !isTableMade(request));
  return {
    received,
    script: (respond) =>
      server.script((request) => {
        if (isTableMade(request)) return { status: 204 };
        return isFirstOfVault(request, received()) ? CHALLENGE : respond(request);
      }),
    open: (changes = {}) => openClients(server.url, changes),
    async openClosed() {
      const gone = await start();
      await gone.stop();
      return openClients(gone.url, {});
    },
  };
}

export function publish({ vault }: Clients): Promise<string> {
  const content = {
    value: new Secret(VALUE),
    contentType: 'text/plain',
    expiresAtMs: DEADLINE_AT_MS,
    tags: { sequence: 7, slot: 'primary', installation: 'test' },
  };
  return vault.publish('paris', content, DEADLINE_AT_MS);
}

export function retire({ issuer }: Clients): Promise<void> {
  return issuer.retire(POLICY, 'primary', DEADLINE_AT_MS);
}

export function write({ records }: Clients): Promise<string> {
  return records.write(emptyRecord('paris'), 'W/"1"');
}

export function testToken(): { readonly token: string; readonly expiresOnTimestamp: number } {
  return { token: 'test', expiresOnTimestamp: Date.now() + 3_600_000 };
}

function openClients(url: string, changes: Partial<Access>): Clients {
  const access: Access = {
    credential: { getToken: async () => testToken() },
    nowMs: () => NOW_MS,
    callTimeoutMs: CALL_TIMEOUT_MS,
    ...changes,
  };
  const credentialScopes = 'https://management.azure.com/.default';
  return {
    records: openTables({ ...access, url }).records,
    queue: openReconcileQueue({ ...access, url: `${url}/account`, name: 'reconcile' }),
    vault: openKeyVault({ ...access, url }),
    issuer: openApiManagement({ ...access, endpoint: url, credentialScopes }).issuer,
  };
}

const CHALLENGE: Scripted = {
  status: 401,
  headers: {
    'www-authenticate':
      'Bearer authorization="https://login.example/tenant", resource="https://vault.azure.net"',
  },
};

function isTableMade({ url }: Received): boolean {
  return url.pathname === '/Tables';
}

function isFirstOfVault({ url, body }: Received, received: readonly Received[]): boolean {
  return url.pathname.startsWith('/secrets') && body === '' && received.length === 1;
}
