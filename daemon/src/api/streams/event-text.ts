import type { Event } from "@aither/protocol";

const texts = new WeakMap<Event, string>();

/** The event as JSON: made once, however many read it. */
export function eventText(event: Event): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  texts.set(event, text);
  return text;
}

const frames = new WeakMap<Event, Buffer>();

/** The frame of a job's own socket, whose cursor is the `seq`. Shared by all its readers. */
export function jobFrame(event: Event): Buffer {
  const known = frames.get(event);
  if (known !== undefined) return known;
  const frame = eventFrame(String(event.seq), event);
  frames.set(event, frame);
  return frame;
}

export function eventFrame(cursor: string, event: Event): Buffer {
  return Buffer.from(`{"type":"event","cursor":${JSON.stringify(cursor)},"event":${eventText(event)}}`);
}
