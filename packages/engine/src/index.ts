export type * from "./ports/clock.ts";
export * from "./ports/journal.ts";
export type * from "./ports/executor.ts";
export type * from "./ports/ids.ts";
export type * from "./face.ts";
export { Engine } from "./engine.ts";
export { behaviour, type Behaviour } from "./behaviour.ts";
