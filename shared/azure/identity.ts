import {
  ManagedIdentityCredential,
  type GetTokenOptions,
  type TokenCredential,
} from '@azure/identity';

/**
 * The app's own identity, and the only kind of credential there is: a chain of kinds would try secrets which nobody
 * meant for this app. `clientId` (AZURE_CLIENT_ID) names a user-assigned identity; left out, it is the system-assigned one.
 */
export function openIdentity(clientId: string | undefined): TokenCredential {
  const identity =
    clientId === undefined
      ? new ManagedIdentityCredential()
      : new ManagedIdentityCredential({ clientId });
  return {
    getToken: (scopes, options) => endedBy(identity.getToken(scopes, options), options),
  };
}

/** The SDK passes the call's signal and the credential ignores it: a mute identity endpoint would hold a call for ever. */
function endedBy<T>(token: Promise<T>, { abortSignal }: GetTokenOptions = {}): Promise<T> {
  if (abortSignal === undefined) return token;
  const aborted = new Promise<never>((_, reject) => {
    const end = () => reject(new DOMException('the call for a token was ended', 'AbortError'));
    if (abortSignal.aborted) end();
    abortSignal.addEventListener('abort', end);
  });
  return Promise.race([token, aborted]);
}
