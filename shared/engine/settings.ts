import { KeyturnError } from '../core/errors.ts';

/** What the platform tells the process. */
export interface Settings {
  /** Path or https URL of the configuration file. */
  readonly configuration: string;
  /** Name of this installation, in the tags of what it publishes. */
  readonly installation: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  /** Of a user-assigned identity. */
  readonly clientId: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws ERR_CONFIG which names every setting that is missing */
export function readSettings(env: Environment): Settings {
  const found = {
    KEYTURN_CONFIG: env['KEYTURN_CONFIG'],
    WEBSITE_SITE_NAME: env['WEBSITE_SITE_NAME'],
    AzureWebJobsStorage__queueServiceUri: storageUrl(env, 'queue'),
    AzureWebJobsStorage__tableServiceUri: storageUrl(env, 'table'),
  };
  const missing = Object.entries(found).flatMap(([name, value]) => (value ? [] : [name]));
  if (missing.length > 0) {
    throw new KeyturnError(
      'ERR_CONFIG',
      `Application settings are missing: ${missing.join(', ')}.`,
    );
  }
  const { KEYTURN_CONFIG: configuration = '', WEBSITE_SITE_NAME: installation = '' } = found;
  const { AzureWebJobsStorage__queueServiceUri: queueUrl = '' } = found;
  const { AzureWebJobsStorage__tableServiceUri: tableUrl = '' } = found;
  return { configuration, installation, queueUrl, tableUrl, clientId: env['AZURE_CLIENT_ID'] };
}

/** The same settings with which the host itself reaches its storage by identity. */
function storageUrl(env: Environment, api: 'queue' | 'table'): string | undefined {
  const url = env[`AzureWebJobsStorage__${api}ServiceUri`];
  const account = env['AzureWebJobsStorage__accountName'];
  return url?.replace(/\/+$/, '') ?? (account && `https://${account}.${api}.core.windows.net`);
}
