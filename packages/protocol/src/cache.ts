/** The cache: what a script says of itself, what a journal says of a look-up, what is stored. */
import { Type, type Static } from "typebox";

/** What a script depends on and leaves behind, beside its text, arguments, variables and interpreter. */
export const CacheRule = Type.Object({
  /** Globs of files it reads, relative to the workspace; `!glob` takes some out again. */
  inputs: Type.Array(Type.String()),
  /** Globs of files it makes, relative to the workspace. */
  outputs: Type.Array(Type.String()),
  /** Names of variables of the caller's environment that it reads. */
  env: Type.Array(Type.String()),
  /** Any text: a change of it is a change of the script. "" when there is none. */
  key: Type.String(),
});
export type CacheRule = Static<typeof CacheRule>;

/** Whose result an entry holds. */
export const CacheOrigin = Type.Object({
  jobId: Type.String(),
  number: Type.Integer({ description: "The job's number." }),
  script: Type.String({ description: "Key of the script." }),
  at: Type.String({ description: "When it was stored: ISO 8601, UTC, with ms." }),
});
export type CacheOrigin = Static<typeof CacheOrigin>;

/**
 * What the cache had to say of a script. `hit`: it did not run, its result was restored. `miss` and `refreshed` (nobody
 * wanted to know): it ran. `stored` and `not-stored`: what became of its result.
 */
export const CacheNote = Type.Object({
  is: Type.Union([
    Type.Literal("hit"),
    Type.Literal("miss"),
    Type.Literal("refreshed"),
    Type.Literal("stored"),
    Type.Literal("not-stored"),
  ]),
  key: Type.Union([Type.String(), Type.Null()], { description: "Of the entry; null when none could be made." }),
  because: Type.Array(Type.String({ description: "What changed, or why it cannot be: the parts of a sentence." })),
  from: Type.Optional(CacheOrigin),
});
export type CacheNote = Static<typeof CacheNote>;

export const CacheEntryView = Type.Object({
  key: Type.String(),
  playbook: Type.String(),
  script: Type.String({ description: "Key of the script that stored it." }),
  jobId: Type.String(),
  number: Type.Integer({ description: "Of the job that stored it." }),
  storedAt: Type.String({ description: "ISO 8601, UTC, with ms." }),
  usedAt: Type.String({ description: "When it was stored or last restored." }),
  bytes: Type.Integer({ description: "Its log and files; what entries share counts for each." }),
  files: Type.Integer(),
});
export type CacheEntryView = Static<typeof CacheEntryView>;

/** Body of `POST /api/cache/prune`: what is older (by last use), then the least recently used until it fits; or all. */
export const PruneCache = Type.Object(
  {
    olderThanMs: Type.Optional(Type.Number({ minimum: 0 })),
    bytesMax: Type.Optional(Type.Integer({ minimum: 0 })),
    all: Type.Optional(Type.Boolean()),
    dryRun: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type PruneCache = Static<typeof PruneCache>;
