import {
  nothingIsDueForEver,
  setbacksAreBounded,
  theQueueDoesNotBreed,
  triesAreBounded,
} from './pace.ts';
import { podsStartWithLiveValues } from './pods.ts';
import { publishedValueIsAlive } from './published.ts';
import { renewalsAreNotStarved } from './renewals.ts';
import {
  nothingDeadIsPublished,
  nothingInUseIsRegenerated,
  supersededKeysDie,
} from './retiring.ts';
import {
  noTwoValuesShareASequence,
  noValueHasTwoSequences,
  sequencesOnlyGrow,
} from './sequences.ts';
import { noValueIsTold, noWorkerMeetsABug, observingChangesNothing } from './silence.ts';
import type { Invariant } from './violation.ts';

/** What must hold in every history. */
export const INVARIANTS: readonly Invariant[] = [
  podsStartWithLiveValues,
  nothingInUseIsRegenerated,
  nothingDeadIsPublished,
  publishedValueIsAlive,
  renewalsAreNotStarved,
  supersededKeysDie,
  sequencesOnlyGrow,
  noTwoValuesShareASequence,
  noValueHasTwoSequences,
  nothingIsDueForEver,
  theQueueDoesNotBreed,
  triesAreBounded,
  setbacksAreBounded,
  observingChangesNothing,
  noValueIsTold,
  noWorkerMeetsABug,
];
