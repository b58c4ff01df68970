import type { Event } from "@aither/protocol";
import type { Masker } from "../../secrets/masker.ts";

const texts = new WeakMap<Event, string>();

/** The event as JSON, without the secrets of its job: made once, however many read it. */
export function eventText(event: Event, masker: Masker | null): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(masker?.document(event) ?? event);
  texts.set(event, text);
  return text;
}

const frames = new WeakMap<Event, Buffer>();

/** The frame of a job's own socket, whose cursor is the `seq`. Shared by all its readers. */
export function jobFrame(event: Event, masker: Masker | null): Buffer {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = eventFrame(String(event.seq), eventText(event, masker));
  frames.set(event, frame);
  return frame;
}

export function eventFrame(cursor: string, text: string): Buffer {
  return Buffer.from(`{"type":"event","cursor":${JSON.stringify(cursor)},"event":${text}}`);
}
