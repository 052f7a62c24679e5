import { readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type Authority, makeAuthority } from '../../sandbox/certificates.ts';

/** A throw-away authority in `directory`, which `fetch` and the SDKs of this process trust from now on. */
export async function trustedAuthority(directory: string): Promise<Authority> {
  const authority = await makeAuthority(directory);
  const ca = readFileSync(authority.caFile, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), ca]);
  return authority;
}
