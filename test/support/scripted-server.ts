import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Authority } from '../../sandbox/certificates.ts';

export interface Received {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** `cut` ends the connection without an answer, `hang` never answers, `stall` stops after the head of an answer. */
export type Scripted =
  | 'cut'
  | 'hang'
  | 'stall'
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };

/** An Azure which answers what a test wants, over TLS. */
export interface ScriptedServer {
  readonly url: string;
  /** All that was received since `script`. */
  readonly received: readonly Received[];
  /** From now on each request is answered so. */
  script(respond: (request: Received) => Scripted): void;
  stop(): Promise<void>;
}

export async function startScriptedServer(authority: Authority): Promise<ScriptedServer> {
  const tls = { cert: readFileSync(authority.certFile), key: readFileSync(authority.keyFile) };
  let received: Received[] = [];
  let respond: (request: Received) => Scripted = () => ({ status: 500 });
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const one = await receive(request);
    received.push(one);
    answer(response, respond(one));
  };
  const server = createServer(tls, (request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received;
    },
    script(next) {
      received = [];
      respond = next;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function receive(request: IncomingMessage): Promise<Received> {
  const { method = '', url = '/' } = request;
  return { method, url: new URL(url, 'https://127.0.0.1'), body: await text(request) };
}

function answer(response: ServerResponse, scripted: Scripted): void {
  if (scripted === 'hang') return;
  if (scripted === 'cut') {
    response.destroy();
    return;
  }
  if (scripted === 'stall') {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{');
    return;
  }
  const { status, headers, body = '' } = scripted;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
