import type { Ports } from '../ports.ts';
import type { Configuration } from './config.ts';

/** What every function of the engine works with. */
export interface Context {
  readonly ports: Ports;
  /** Name of this installation, in the tags of what it publishes. */
  readonly installation: string;
  /** In force now, at most 5 s old. @throws ERR_CONFIG, ERR_UNAVAILABLE where none was ever good. */
  configuration(): Promise<Configuration>;
}
