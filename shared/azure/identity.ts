import { ManagedIdentityCredential, type TokenCredential } from '@azure/identity';

/**
 * The app's own identity, and the only kind of credential there is: a chain of kinds would try secrets which nobody
 * meant for this app. `clientId` (AZURE_CLIENT_ID) names a user-assigned identity; left out, it is the system-assigned one.
 */
export function openIdentity(clientId: string | undefined): TokenCredential {
  return clientId === undefined
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId });
}
