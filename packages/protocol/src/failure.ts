import { Type, type Static } from "typebox";

/**
 * Every way in which an attempt can end badly. There is no `other`: a bug of ours is a thrown assertion, not a
 * failure of somebody's script.
 */
export const Failure = Type.Union([
  Type.Object({ kind: Type.Literal("exit"), code: Type.Integer() }),
  Type.Object({ kind: Type.Literal("signal"), signal: Type.String(), code: Type.Integer() }),
  Type.Object({
    kind: Type.Literal("timeout"),
    afterMs: Type.Number(),
    silent: Type.Optional(Type.Boolean({ description: "It had written nothing for so long." })),
  }),
  Type.Object({ kind: Type.Literal("spawn"), message: Type.String() }),
  Type.Object({ kind: Type.Literal("interrupted"), evidence: Type.String() }),
  Type.Object({ kind: Type.Literal("condition"), message: Type.String() }),
  Type.Object({ kind: Type.Literal("output-limit"), bytes: Type.Number() }),
  Type.Object({ kind: Type.Literal("executor"), message: Type.String() }),
]);
export type Failure = Static<typeof Failure>;
