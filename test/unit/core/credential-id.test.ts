import { describe, expect, it } from 'vitest';
import { credentialId, gatewayParts, gatewayTarget } from '../../../shared/core/credential-id.ts';

const SERVICE =
  '/subscriptions/s/resourceGroups/r/providers/Microsoft.ApiManagement/service/Contoso';

describe('the id of a credential', () => {
  it('is service and gateway in lower case, other characters as dashes', () => {
    expect(credentialId('Contoso', 'Paris_2 (old).é')).toBe('contoso--paris-2--old---');
  });

  it('is whole at 110 characters, and cut with a hash at 111', () => {
    const name = 'g'.repeat(110 - 'contoso--'.length);
    expect(credentialId('contoso', name)).toBe(`contoso--${name}`);
    const cut = credentialId('contoso', `${name}g`);
    expect(cut).toHaveLength(110);
    expect(cut).toMatch(/^contoso--g+-[0-9a-f]{8}$/);
  });

  it('differs for long names which differ only at their end', () => {
    const name = 'g'.repeat(120);
    expect(credentialId('contoso', `${name}1`)).not.toBe(credentialId('contoso', `${name}2`));
  });
});

describe('the ARM id of a gateway', () => {
  it('is taken apart, and put together again', () => {
    const target = gatewayTarget(`${SERVICE}/`, 'paris');
    expect(gatewayParts(target)).toEqual({
      service: SERVICE,
      serviceName: 'Contoso',
      gateway: 'paris',
    });
  });

  it.each(['', 'paris', SERVICE, `${SERVICE}/gateways/`, `${SERVICE}/gateways/a/b`])(
    'is not %j',
    (text) => expect(gatewayParts(text)).toBeUndefined(),
  );
});
