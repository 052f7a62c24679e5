import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../../shared/engine/config.ts';
import { CONFIG, SERVICE } from '../../support/memory-app.ts';

const configuration = parseConfiguration(CONFIG);
const target = (gateway: string) => `${SERVICE}/gateways/${gateway}`;

describe('the policy of a credential', () => {
  it('is found by its id in any case', () => {
    expect(configuration.policyOf('CONTOSO--paris')?.target).toBe(target('paris'));
  });

  it('is found by the id of its gateway in any case', () => {
    const shouted = target('PARIS').toUpperCase();
    expect(configuration.policyOfTarget(shouted)?.id).toBe('contoso--paris');
  });

  it('comes from the "*" of its service where no entry names the gateway', () => {
    const policy = configuration.policyOf('contoso--edge-lyon', target('Edge-Lyon'));
    expect(policy).toMatchObject({
      target: target('Edge-Lyon'),
      consumers: [{ id: 'edge-lyon' }],
      missingConsumers: [],
    });
  });

  it('is made once for a discovered gateway, however often it is asked for', () => {
    const policy = configuration.policyOfTarget(target('edge-lyon'));
    expect(policy).toBeDefined();
    expect(configuration.policyOfTarget(target('edge-lyon'))).toBe(policy);
  });

  it('names the consumer which "{gateway}" did not find', () => {
    expect(configuration.policyOfTarget(target('oslo'))).toMatchObject({
      id: 'contoso--oslo',
      consumers: [],
      missingConsumers: ['oslo'],
    });
  });

  it('is not the one of a target with another id', () => {
    expect(configuration.policyOf('contoso--oslo', target('bergen'))).toBeUndefined();
    expect(configuration.policyOf('contoso--oslo')).toBeUndefined();
  });

  it('is not found for another service, or for what is no gateway', () => {
    const other = `${SERVICE}2/gateways/oslo`;
    expect(configuration.policyOf('contoso2--oslo', other)).toBeUndefined();
    expect(configuration.policyOfTarget(`${SERVICE}/apis/oslo`)).toBeUndefined();
    expect(configuration.policyOfTarget('')).toBeUndefined();
  });

  it('leaves a discovered gateway out whose id an entry has given to another', () => {
    const text = CONFIG.replace('gateway: lyon', 'gateway: lyon, secret: contoso--oslo');
    const taken = parseConfiguration(text);
    expect(taken.policyOfTarget(target('oslo'))).toBeUndefined();
    expect(taken.policyOf('contoso--oslo', target('oslo'))?.target).toBe(target('lyon'));
  });

  it('has the explicit secret name for a gateway which "*" would name otherwise', () => {
    const text = CONFIG.replace('gateway: lyon', 'gateway: lyon, secret: Lyon-Token');
    const renamed = parseConfiguration(text);
    expect(renamed.policyOfTarget(target('lyon'))?.id).toBe('lyon-token');
    expect(renamed.policyOf('contoso--lyon', target('lyon'))).toBeUndefined();
  });
});
