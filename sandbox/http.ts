import { once } from 'node:events';
import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';

const TIMEOUT_MS = 3_000;

/** HTTP for the starter itself, which cannot trust the sandbox's authority by its environment as its parts do. */
export interface Http {
  get(url: string, token?: string): Promise<unknown>;
  post(url: string, body: unknown, token: string): Promise<void>;
}

export function openHttp(ca: string): Http {
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true, ca });
  const send = async (method: string, url: string, more: { token?: string; body?: unknown }) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const headers = {
      ...(more.token && { authorization: `Bearer ${more.token}` }),
      ...(more.body !== undefined && { 'content-type': 'application/json' }),
    };
    const request = url.startsWith('https:')
      ? httpsRequest(url, { method, headers, signal, agent: secure })
      : httpRequest(url, { method, headers, signal, agent: plain });
    request.end(more.body === undefined ? undefined : JSON.stringify(more.body));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode = 0 } = response;
    const answer = await text(response);
    if (statusCode >= 300) throw new Error(`${method} ${url} answered ${statusCode}: ${answer}`);
    return answer;
  };
  return {
    get: async (url, token) => JSON.parse(await send('GET', url, token ? { token } : {})),
    post: async (url, body, token) => void (await send('POST', url, { token, body })),
  };
}
