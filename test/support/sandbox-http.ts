// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape.
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed where it is JSON. */
  readonly body: Json;
}

export interface Asking {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request to a part of the sandbox; whatever it answers is an answer. */
export async function send(method: string, url: string, asking: Asking = {}): Promise<Answer> {
  const { token, body, headers } = asking;
  const response = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

/** @throws Error where the answer is a refusal */
export async function getJson(url: string, token?: string): Promise<Json> {
  return expectOk('GET', url, await send('GET', url, token === undefined ? {} : { token }));
}

/** The body. @throws Error where the answer is a refusal */
export function expectOk(method: string, url: string, { status, text, body }: Answer): Json {
  if (status >= 300) throw new Error(`${method} ${url} answered ${status}: ${text}`);
  return body;
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // Not every answer is JSON; `text` has it.
  }
}
