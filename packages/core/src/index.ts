export type * from "./job/state.ts";
export type * from "./job/input.ts";
