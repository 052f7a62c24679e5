import { randomUUID } from 'node:crypto';

/** An event as Event Grid delivers it, in Event Grid's schema. */
export interface GridEvent {
  readonly id: string;
  readonly topic: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly data: unknown;
  readonly dataVersion: string;
  readonly metadataVersion: string;
}

/** The part of an event which says what happened. */
export type RaisedEvent = Pick<GridEvent, 'eventType' | 'subject' | 'data'>;

/** The members every event has, in Event Grid's schema. */
export function envelope(topic: string, atMs: number) {
  return {
    id: randomUUID(),
    topic,
    eventTime: toRoundTrip(new Date(atMs)),
    dataVersion: '1',
    metadataVersion: '1',
  };
}

/** .NET's round-trip format: seven digits of a second. */
export function toRoundTrip(date: Date): string {
  return date.toISOString().replace('Z', '0000Z');
}
