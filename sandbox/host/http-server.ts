import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import createRouter, { type HTTPVersion, type Instance } from 'find-my-way';
import type { HttpResponseData } from './core-module.ts';
import { answerWebhook } from './event-grid.ts';
import type { Invoke } from './invoke.ts';
import type { App, AppFunction } from './load-app.ts';
import { methodsOf, pathsOf } from './routes.ts';

/** Azure's bound for a request body. */
const MAX_BODY_BYTES = 104_857_600;
/** Node refuses longer heads before, so no parameter is too long for the router. */
const MAX_PARAMETER_LENGTH = 16_384;
const CLOSE_IDLE_MS = 50;

const NO_BYTES = Buffer.alloc(0);

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly params: Record<string, string | undefined>;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no new connection; resolves when every request is answered. */
  readonly stop: () => Promise<void>;
}

/** @throws when a function asks for keys, a route is not supported, or the port is in use */
export async function startHttpServer(
  app: App,
  invoke: Invoke,
  { routePrefix, port }: { routePrefix: string; port: number },
): Promise<HttpServer> {
  const router = createRouter({
    caseSensitive: false,
    ignoreTrailingSlash: true,
    maxParamLength: MAX_PARAMETER_LENGTH,
    defaultRoute: (_, response) => answer(response, 404),
  });
  for (const target of app.functions) {
    if (target.type === 'httpTrigger') addFunction(router, target, { routePrefix, invoke });
  }
  addWebhook(router, app, invoke);
  const server = createServer((request, response) => void router.lookup(request, response));
  return { port: await listen(server, port), stop: () => stop(server) };
}

function addFunction(
  router: Instance<HTTPVersion.V1>,
  target: AppFunction,
  { routePrefix, invoke }: { routePrefix: string; invoke: Invoke },
): void {
  const { name, trigger } = target;
  if (trigger.authLevel !== 'anonymous') {
    throw new Error(`function "${name}": authLevel ${trigger.authLevel}: there are no keys here`);
  }
  for (const { path, wildcard } of pathsOf(target, routePrefix)) {
    router.on(methodsOf(target), path, (request, response, { '*': rest, ...named }) => {
      const params = wildcard ? { ...named, [wildcard]: rest } : named;
      serve(response, () => runFunction(invoke, target, { request, response, params }));
    });
  }
}

function addWebhook(router: Instance<HTTPVersion.V1>, app: App, invoke: Invoke): void {
  const subscribers = app.functions.filter(({ type }) => type === 'eventGridTrigger');
  router.on('POST', '/runtime/webhooks/EventGrid', (request, response) =>
    serve(response, async () => {
      const body = await readBody(request);
      if (body === undefined) return answer(response, 413);
      const query = new URL(`http://host${request.url}`).searchParams;
      const functionName = query.get('functionName') ?? '';
      const kind = request.headers['aeg-event-type'];
      const call = { functionName, kind, body: body.toString() };
      const { status, text } = await answerWebhook(subscribers, invoke, call);
      answer(response, status, text);
    }),
  );
}

/** What fails here was logged by `invoke`, is no JSON, or has nobody left to be answered. */
function serve(response: ServerResponse, work: () => Promise<void>): void {
  work().catch(() => answer(response, 500));
}

async function runFunction(
  invoke: Invoke,
  target: AppFunction,
  { request, response, params }: Exchange,
): Promise<void> {
  const { method, headers } = request;
  const bodiless = method === 'GET' || method === 'HEAD';
  const bytes = bodiless ? NO_BYTES : await readBody(request);
  if (bytes === undefined) return answer(response, 413);
  const url = `http://${headers.host}${request.url}`;
  const http = { method, url, headers, params, body: { bytes } };
  const { returnValue } = await invoke(target, { http });
  answerFunction(response, returnValue?.http);
}

/** A function which returns nothing has no content, as at Azure. Cookies are left out: no app here sets any. */
function answerFunction(response: ServerResponse, http: HttpResponseData | undefined): void {
  if (!http) return answer(response, 204);
  const { statusCode, headers, body } = http;
  const bytes = body?.bytes;
  if (bytes && bytes.byteLength > 0) headers['content-length'] = String(bytes.byteLength);
  response.writeHead(Number(statusCode), headers).end(bytes);
}

function answer(response: ServerResponse, status: number, text = ''): void {
  response.statusCode = status;
  response.end(text);
}

/** `undefined` when the body is longer than `MAX_BODY_BYTES`. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > MAX_BODY_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let length = 0;
  // Not destroyed on an early return: the connection is needed for the answer.
  const stream = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of stream) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`port ${port} is in use: choose another with --port`, { cause: error });
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : port;
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // A kept-alive connection which was busy at close is not closed by Node when it becomes idle.
  const closing = setInterval(() => server.closeIdleConnections(), CLOSE_IDLE_MS);
  await closed;
  clearInterval(closing);
}
