import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { BlobClient, type BlobDownloadResponseParsed } from '@azure/storage-blob';
import { KeyturnError, type Code } from '../core/errors.ts';
import { fingerprintOf } from '../core/fingerprint.ts';
import type { ConfigSource } from '../ports.ts';
import { answerOf, calling, type Call } from './answers.ts';
import { limitOf, type Access } from './pipeline.ts';

const RETRIES = { maxTries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 1_000 };

const FILE_CODES: Readonly<Record<string, Code>> = {
  ENOENT: 'ERR_NOT_FOUND',
  EACCES: 'ERR_FORBIDDEN',
};

/** The configuration at `location`: a blob where it is an https URL, else a file of the deployment. */
export function openConfigSource(location: string, access: Access): ConfigSource {
  return location.startsWith('https://') ? openBlob(location, access) : openFile(location);
}

/** @see Blob Storage: Get Blob, with If-None-Match */
function openBlob(url: string, access: Access): ConfigSource {
  const blob = new BlobClient(url, access.credential, { retryOptions: RETRIES });
  const call: Call = { kind: 'read', what: `read ${url}`, right: 'Storage Blob Data Reader' };
  return {
    read: (etag) =>
      calling(call, async () => {
        const conditions = etag === undefined ? {} : { ifNoneMatch: etag };
        try {
          const found = await blob.download(0, undefined, { conditions, ...limitOf(access) });
          return await toText(found, url);
        } catch (error) {
          if (answerOf(error)?.status === 304) return 'unchanged';
          throw error;
        }
      }),
  };
}

async function toText(
  { readableStreamBody: body, etag }: BlobDownloadResponseParsed,
  url: string,
): Promise<{ readonly text: string; readonly etag: string }> {
  try {
    if (body !== undefined && etag !== undefined) return { text: await text(body), etag };
  } catch (cause) {
    throw new KeyturnError('ERR_UNAVAILABLE', `${url} broke off while it was read`, { cause });
  }
  throw new KeyturnError('ERR_UNAVAILABLE', `${url} was answered without a body or an ETag`);
}

/** A file has no ETag of its own: what it says is compared. */
function openFile(path: string): ConfigSource {
  return {
    async read(etag) {
      const content = await readFile(path, 'utf8').catch((error) => throwUnreadable(error, path));
      const current = fingerprintOf(content);
      return current === etag ? 'unchanged' : { text: content, etag: current };
    },
  };
}

function throwUnreadable(error: NodeJS.ErrnoException, path: string): never {
  const { code = 'unknown' } = error;
  throw new KeyturnError(FILE_CODES[code] ?? 'ERR_UNAVAILABLE', `configuration ${path}: ${code}`);
}
