/** Entry of the bundle: each import registers its function. */
import './answer-health.ts';
import './on-gateway-event.ts';
import './operate-credential.ts';
import './pull-credential.ts';
import './read-status.ts';
import './reconcile.ts';
import './report-adoption.ts';
import './sweep.ts';
