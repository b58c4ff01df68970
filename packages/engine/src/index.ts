export type * from "./ports/clock.ts";
export * from "./ports/journal.ts";
export type * from "./ports/executor.ts";
export type * from "./ports/ids.ts";
export type * from "./face.ts";
