import { randomUUID } from 'node:crypto';
import { refusal } from '../http.ts';

/** What Entra says: its number, the OAuth code and the sentence. */
export interface EntraError {
  readonly number: number;
  readonly error: string;
  readonly message: string;
}

/** The error body of Entra's token endpoint: 401 for `invalid_client`, 400 for everything else. */
export function entraError({ number, error, message }: EntraError) {
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const [trace, correlation] = [randomUUID(), randomUUID()];
  return refusal(error === 'invalid_client' ? 401 : 400, {
    error,
    error_description: `AADSTS${number}: ${message}\r\nTrace ID: ${trace}\r\nCorrelation ID: ${correlation}\r\nTimestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${number}`,
  });
}
