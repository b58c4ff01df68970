import { Type, type Static } from "typebox";

/** A parameter a script declares. */
export const ScriptParameter = Type.Object({
  name: Type.String(),
  type: Type.String(),
  mandatory: Type.Boolean(),
  values: Type.Array(Type.String()),
});
export type ScriptParameter = Static<typeof ScriptParameter>;

/** A numbered script, as its file name and header tell. */
export const ScriptEntry = Type.Object({
  number: Type.String(),
  name: Type.String({ description: "File name without extension: `0402_Run-UnitTests`." }),
  path: Type.String(),
  stage: Type.String(),
  description: Type.String(),
  dependencies: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  condition: Type.Union([Type.String(), Type.Null()]),
  allowParallel: Type.Union([Type.Boolean(), Type.Null()]),
  parameters: Type.Array(ScriptParameter),
});
export type ScriptEntry = Static<typeof ScriptEntry>;
