import type { Socket } from "node:net";

/** Who is on which connection right now, so that a session that ends takes its streams along. */
export class Connections {
  readonly #ofSession = new Map<string, Set<Socket>>();

  /** For as long as one request or WebSocket lasts. */
  begin(session: string, socket: Socket): void {
    const sockets = this.#ofSession.get(session) ?? new Set();
    sockets.add(socket);
    this.#ofSession.set(session, sockets);
  }

  end(session: string, socket: Socket): void {
    const sockets = this.#ofSession.get(session);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.#ofSession.delete(session);
  }

  has(session: string): boolean {
    return this.#ofSession.has(session);
  }

  cut(sessions: readonly string[]): void {
    for (const session of sessions) {
      for (const socket of this.#ofSession.get(session) ?? []) socket.destroy();
      this.#ofSession.delete(session);
    }
  }
}
