import type { EpochMs } from '../../shared/core/limits.ts';
import type { CredentialRecord } from '../../shared/core/nouns.ts';
import type { Happening, History } from './history.ts';

const LINES = 40;

/** The last happenings before a moment, in plain words. A record of which only the due time moved is no news. */
export function storyOf(
  { happenings }: History,
  untilMs: EpochMs,
  most = LINES,
): readonly string[] {
  let last: string | undefined;
  const lines = happenings.flatMap((one) => {
    const told = one.atMs > untilMs ? undefined : tell(one);
    const isNews = told !== undefined && told !== last;
    if (one.what === 'recorded') last = told;
    return isNews ? [`${new Date(one.atMs).toISOString()}  ${told}`] : [];
  });
  return lines.slice(-most);
}

function tell(one: Happening): string | undefined {
  switch (one.what) {
    case 'terms':
      return `configuration: ${one.terms.isConfigured ? one.terms.mode : 'without it'}, retire ${JSON.stringify(one.terms.retire)}, ${one.terms.consumers.join(', ')}`;
    case 'outage':
      return `${one.place} ${one.isOver ? 'works again' : 'is out of order'}`;
    case 'fault':
      return `${one.worker}: ${one.call} ${one.fate}`;
    case 'store-back':
      return `the record store forgets its last ${one.lostMs} ms`;
    case 'person':
      return `somebody ${one.did}`;
    case 'revoke-asked':
      return `an operator revokes ${one.slot}`;
    case 'held':
      return `an operator holds until ${new Date(one.untilMs).toISOString()}`;
    case 'gateway':
      return `the gateway ${one.exists ? 'exists' : 'is gone'}`;
    case 'minted':
      return `${one.by} mints ${one.fingerprint} on ${one.slot} (key ${one.key}), expires ${new Date(one.expiryAtMs).toISOString()}`;
    case 'regenerated':
      return `${one.by} regenerates ${one.slot}`;
    case 'sent':
      return `${one.worker} sends ${one.call}`;
    case 'secret-set':
      return `${one.by} publishes ${one.fingerprint}${one.sequence ? ` as #${one.sequence}` : ''}`;
    case 'secret-shows':
      return `Key Vault shows ${one.fingerprint ?? 'nothing'}`;
    case 'stored':
      return `${one.consumer} stores #${one.sequence} ${one.fingerprint}`;
    case 'offline':
      return `${one.consumer} is ${one.isOver ? 'back' : 'offline'}`;
    case 'pod-started':
      return `${one.pod} starts with ${one.fingerprint}`;
    case 'recorded':
      return `recorded: ${sketch(one.record)}`;
    case 'leak':
    case 'bug':
      return JSON.stringify(one);
    case 'queued':
      return undefined;
  }
}

function sketch({
  current,
  next,
  intent,
  slots,
  probe,
  request,
  setbacks,
  closed,
}: CredentialRecord) {
  const states = slots.map(({ name, retireDeadlineAtMs, retiredAtMs }) =>
    retireDeadlineAtMs === undefined
      ? `${name} used`
      : retiredAtMs === undefined
        ? `${name} retiring`
        : `${name} retired`,
  );
  const parts = [
    current && `#${current.sequence} on ${current.slot}`,
    next && `next #${next.sequence} on ${next.slot} (${next.cause})`,
    intent && `intends to ${intent.step} ${intent.slot}`,
    ...states,
    probe && `probe ${probe.result}`,
    request && `asked to ${request.ask}`,
    ...setbacks.map(({ step, slot, code, count }) => `${step} ${slot} ${code} x${count}`),
    closed && `closed: ${closed.reason}`,
  ];
  return parts.filter(Boolean).join(', ');
}
