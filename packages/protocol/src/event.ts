import { type Static } from "typebox";
import { orchestrationEvents } from "./events/orchestration.ts";
import { scriptEvents } from "./events/script.ts";
import { stageEvents } from "./events/stage.ts";

/** Every kind of event by its name. Validation looks the contract up here first, so an error names the event meant. */
export const eventSchemas = { ...orchestrationEvents, ...stageEvents, ...scriptEvents };

export type EventType = keyof typeof eventSchemas;
export type EventOf<T extends EventType> = Static<(typeof eventSchemas)[T]>;

/** A recorded fact. */
export type Event = { [T in EventType]: EventOf<T> }[EventType];

type WithoutEnvelope<T> = T extends unknown ? Omit<T, "v" | "seq" | "time" | "jobId"> : never;

/** A fact that core decided and the engine has not yet numbered and dated. */
export type Fact = WithoutEnvelope<Event>;
export type FactOf<T extends EventType> = Omit<EventOf<T>, "v" | "seq" | "time" | "jobId">;
