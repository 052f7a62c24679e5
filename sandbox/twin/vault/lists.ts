import type { Context } from 'hono';
import { z } from 'zod';
import { parsed } from './errors.ts';

const PAGE_SIZE = 25;

const querySchema = z.object({
  maxresults: z.coerce.number().int().min(1).max(PAGE_SIZE).default(PAGE_SIZE),
  'api-version': z.string(),
});

const markerSchema = z.object({ from: z.coerce.number().int(), pause: z.stringbool() });

/**
 * One page of `all`. Key Vault answers pages which are empty and not the last (docs/azure-facts.md, Key Vault), so
 * each page with something on it comes after one with nothing.
 */
export function page<T>(c: Context, vaultUrl: string, all: readonly T[]) {
  const { maxresults, 'api-version': version } = parsed(querySchema, c.req.query());
  const { from, pause } = readMarker(c.req.query('$skiptoken'));
  const value = pause ? [] : all.slice(from, from + maxresults);
  const end = from + value.length;
  if (end >= all.length) return { value, nextLink: null };
  const query = new URLSearchParams({
    'api-version': version,
    $skiptoken: writeMarker({ from: end, pause: !pause }),
    maxresults: String(maxresults),
  });
  return { value, nextLink: `${vaultUrl}${c.req.path}?${query.toString()}` };
}

type Marker = z.infer<typeof markerSchema>;

function writeMarker(marker: Marker): string {
  return Buffer.from(`${marker.from} ${marker.pause}`).toString('base64url');
}

function readMarker(token: string | undefined): Marker {
  if (token === undefined) return { from: 0, pause: true };
  const [from, pause] = Buffer.from(token, 'base64url').toString().split(' ');
  return parsed(markerSchema, { from, pause });
}
