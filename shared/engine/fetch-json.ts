import { KeyturnError } from '../core/errors.ts';
import type { DurationMs } from '../core/limits.ts';

const TIMEOUT: DurationMs = 5_000;
const MAX_LENGTH = 256 * 1024;

/** A small public document of an issuer. @throws ERR_KEYS_UNAVAILABLE */
export async function fetchJson(url: string): Promise<unknown> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT);
    const response = await fetch(url, { signal, redirect: 'error' });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return JSON.parse(await textOf(response, url));
  } catch (cause) {
    throw new KeyturnError('ERR_KEYS_UNAVAILABLE', `${url} cannot be read`, { cause });
  }
}

async function textOf(response: Response, url: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_LENGTH) throw new Error(`${url} answered more than ${MAX_LENGTH}`);
  }
  return text;
}
