import { createRequire } from 'node:module';
import type { Authority } from '../../sandbox/certificates.ts';
import { startProgram } from './program.ts';

const AZURITE = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js');

/** The account which every Azurite has, and its published key. */
export const AZURITE_ACCOUNT = 'devstoreaccount1';
export const AZURITE_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface Azurite {
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  readonly stop: () => Promise<number | null>;
}

/** Azurite over TLS with bearer tokens, as Azure Storage is reached by a managed identity. Forgets all at its end. */
export async function startAzurite(authority: Authority, queuePort = 0): Promise<Azurite> {
  // The blob SDK speaks a newer API version than Azurite knows by name.
  const flags =
    '--silent --disableTelemetry --skipApiVersionCheck --inMemoryPersistence --oauth basic --blobPort 0 --tablePort 0';
  const tls = ['--cert', authority.certFile, '--key', authority.keyFile];
  const ports = ['--queuePort', String(queuePort)];
  const program = startProgram([AZURITE, ...flags.split(' '), ...tls, ...ports]);
  const urlOf = async (service: string) => {
    const line = await program.until((text) => text.includes(`${service} service is successfully`));
    return `${line.slice(line.indexOf('https://'))}/${AZURITE_ACCOUNT}`;
  };
  const [blobUrl, queueUrl, tableUrl] = await Promise.all(['Blob', 'Queue', 'Table'].map(urlOf));
  if (!blobUrl || !queueUrl || !tableUrl) throw new Error('Azurite did not say where it listens');
  return { blobUrl, queueUrl, tableUrl, stop: program.stop };
}
