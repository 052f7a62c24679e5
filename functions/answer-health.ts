import { app } from '@azure/functions';

/** Alive, and nothing else: it asks nobody and tells nothing. */
app.http('answer-health', {
  methods: ['GET'],
  route: 'healthz',
  authLevel: 'anonymous',
  handler: () => ({ status: 200, body: 'ok' }),
});
