/** Puts the doors in: the socket's, which is always there, and the one on the loopback, which is opened when asked for. */
import type { DurableFs } from "@aither/supervise";
import { basename, join } from "node:path";
import { buildApi, createHub } from "../api/app.ts";
import { loopbackAccess } from "../api/loopback-access.ts";
import type { EventHub } from "../api/streams/event-hub.ts";
import type { Host } from "../host.ts";
import { LoopbackDoor } from "./loopback-door.ts";

export type House = { readonly host: Host; readonly hub: EventHub; readonly loopback: LoopbackDoor };

/** A host with doors; nothing listens yet. */
export function withDoors(walls: Omit<Host, "doors">, fs: DurableFs): House {
  const { places, log, audit } = walls;
  const loopback: LoopbackDoor = new LoopbackDoor({
    path: join(places.state, "sessions.json"),
    redirect: { folder: places.socketFolder, prefix: `${basename(places.socket, ".sock")}-open-` },
    fs,
    log,
    audit,
    nowMs: Date.now,
    build: (port, sessions) => buildApi(host, { hub, access: loopbackAccess({ port, sessions, nowMs: Date.now }) }),
  });
  const host: Host = { ...walls, doors: loopback };
  const hub = createHub(host);
  return { host, hub, loopback };
}
