import { readFileSync } from 'node:fs';
import { openLogin } from '../../sandbox/clusters/login.ts';
import type { ClusterSeed } from '../../sandbox/contract.ts';
import { clusterOf, type LiveSandbox } from './live-sandbox.ts';
import { type Answer, getJson, type Json, send } from './sandbox-http.ts';

/** Keyturn's HTTP as people use it. */
export interface SandboxPeople {
  readonly operate: (id: string, operation: string, body?: object) => Promise<Answer>;
  /** Of one credential. @throws Error while Keyturn does not know it */
  readonly status: (id: string) => Promise<Json>;
  /** Of all. */
  readonly overview: () => Promise<Json>;
  /** Newest first. */
  readonly history: (id: string) => Promise<Json>;
  /** Codes of what is wrong with one credential. */
  readonly findings: (id: string) => Promise<readonly string[]>;
}

export function sandboxPeople({ file }: LiveSandbox): SandboxPeople {
  const { app, people } = file();
  const tokenOf = async (url: string): Promise<string> => (await getJson(url)).access_token;
  const read = async (path: string) =>
    getJson(`${app}/v1/status${path}`, await tokenOf(people.readerTokenUrl));
  return {
    operate: async (id, operation, body = {}) => {
      const token = await tokenOf(people.operatorTokenUrl);
      return send('POST', `${app}/v1/operations/${id}/${operation}`, { token, body });
    },
    status: (id) => read(`/${id}`),
    overview: () => read(''),
    history: async (id) => (await read(`/${id}/history`)).entries,
    findings: async (id) =>
      (await read(`/${id}`)).findings.map(({ code }: { code: string }) => code),
  };
}

/** A workload of a cluster, with the cluster's own way to prove who it is. */
export interface SandboxConsumer {
  readonly token: () => Promise<string>;
  readonly pull: (id: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>;
  /** Stores a version and runs it on both of its pods. */
  readonly report: (id: string, version: number) => Promise<Answer>;
}

export function sandboxConsumer(sandbox: LiveSandbox, cluster: string): SandboxConsumer {
  const { app } = sandbox.file();
  const token = openLogin(seedOf(sandbox, cluster), {
    url: clusterOf(sandbox.file(), cluster).issuer,
    jwks: { keys: [] },
    project: (audience, subject) => projectedToken(sandbox, cluster, { audience, subject }),
  });
  const credential = (id: string) => `${app}/v1/credentials/${id}`;
  return {
    token,
    pull: async (id, headers = {}) =>
      send('GET', credential(id), { token: await token(), headers }),
    report: async (id, version) => {
      const body = { stored: version, running: [{ version, pods: 2 }], desired: 2 };
      return send('PUT', `${credential(id)}/adoption`, { token: await token(), body });
    },
  };
}

/** A projected service account token of a cluster, for any audience and subject. */
export async function projectedToken(
  { file }: LiveSandbox,
  cluster: string,
  claims: { readonly audience?: string; readonly subject?: string } = {},
): Promise<string> {
  const query = new URLSearchParams(claims);
  return (await getJson(`${clusterOf(file(), cluster).tokenUrl}?${query.toString()}`)).token;
}

function seedOf({ files }: LiveSandbox, cluster: string): ClusterSeed {
  return JSON.parse(readFileSync(files.clusterSeed(cluster), 'utf8')) as ClusterSeed;
}
