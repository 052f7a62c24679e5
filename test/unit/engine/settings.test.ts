import { expect, it } from 'vitest';
import { readSettings } from '../../../shared/engine/settings.ts';

const NAMED = { KEYTURN_CONFIG: 'keyturn.yaml', WEBSITE_SITE_NAME: 'keyturn' };

it('settings name the storage account, or its services', () => {
  expect(readSettings({ ...NAMED, AzureWebJobsStorage__accountName: 'st' })).toMatchObject({
    queueUrl: 'https://st.queue.core.windows.net',
    tableUrl: 'https://st.table.core.windows.net',
  });
  const services = {
    AzureWebJobsStorage__queueServiceUri: 'https://127.0.0.1:7080/devstoreaccount1/',
    AzureWebJobsStorage__tableServiceUri: 'https://127.0.0.1:7081/devstoreaccount1',
  };
  expect(readSettings({ ...NAMED, ...services, AZURE_CLIENT_ID: 'x' })).toEqual({
    configuration: 'keyturn.yaml',
    installation: 'keyturn',
    queueUrl: 'https://127.0.0.1:7080/devstoreaccount1',
    tableUrl: 'https://127.0.0.1:7081/devstoreaccount1',
    clientId: 'x',
  });
});

it('settings which are missing are all named at once', () => {
  expect(() => readSettings({ KEYTURN_CONFIG: '' })).toThrow(
    'KEYTURN_CONFIG, WEBSITE_SITE_NAME, AzureWebJobsStorage__queueServiceUri, AzureWebJobsStorage__tableServiceUri',
  );
});
