import type { Checker } from "../truth.ts";
import { ackedNeverForgotten } from "./acked-never-forgotten.ts";
import { atMostOneStartPerAttempt } from "./at-most-one-start-per-attempt.ts";
import { cancelEndsWithinGrace } from "./cancel-ends-within-grace.ts";
import { cancelledMeansIt } from "./cancelled-means-it.ts";
import { diskFirst } from "./disk-first.ts";
import { expandedAsTold } from "./expanded-as-told.ts";
import { fencedNeverRan } from "./fenced-never-ran.ts";
import { noOrphan } from "./no-orphan.ts";
import { nothingAfterTheEnd } from "./nothing-after-the-end.ts";
import { pausedMeansIt } from "./paused-means-it.ts";
import { recordedCodeIsTrue } from "./recorded-code-is-true.ts";
import { replayEqualsLive } from "./replay-equals-live.ts";
import { retryBudget } from "./retry-budget.ts";
import { seqGapless } from "./seq-gapless.ts";
import { slotsNeverExceeded } from "./slots-never-exceeded.ts";
import { stageOrder } from "./stage-order.ts";
import { subscriberSeesEachSeqOnce } from "./subscriber-sees-each-seq-once.ts";
import { timeoutsFire } from "./timeouts-fire.ts";

export const checkers: readonly Checker[] = [
  replayEqualsLive,
  nothingAfterTheEnd,
  atMostOneStartPerAttempt,
  fencedNeverRan,
  noOrphan,
  slotsNeverExceeded,
  stageOrder,
  expandedAsTold,
  pausedMeansIt,
  cancelledMeansIt,
  cancelEndsWithinGrace,
  timeoutsFire,
  retryBudget,
  subscriberSeesEachSeqOnce,
  diskFirst,
  ackedNeverForgotten,
  seqGapless,
  recordedCodeIsTrue,
];
