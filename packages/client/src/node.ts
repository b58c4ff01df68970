/** The client for Node programs: reaches the daemon over its socket, pipe or loopback port, and starts it when asked. */
import type { Socket } from "node:net";
import type { Places } from "@aither/protocol";
import { call } from "./call.ts";
import { createClientOver, type Aither } from "./client.ts";
import { dial, exchange, type Address } from "./http1.ts";
import { addressOf, jobEnvironment, placesOf, workspaceOf } from "./node-surroundings.ts";
import { AitherError, ConnectionCut, fail } from "./problem.ts";
import { pause } from "./resume.ts";
import type { HttpRequest, Transport, Wake } from "./transport.ts";

export * from "./index.ts";
export { lockHolder } from "./node-lock-holder.ts";
export { readService, serviceCommand, serviceMarker, type Service } from "./node-service.ts";
export { addressOf, jobEnvironment, placesOf, workspaceOf } from "./node-surroundings.ts";

type Env = Readonly<Record<string, string | undefined>>;

export type NodeOptions = {
  /** Default: AITHER_HOME, else the user's state folder. */
  readonly home?: string | undefined;
  /** Default: AITHER_HOST, else the home's socket. */
  readonly host?: string | undefined;
  /** Start the daemon when nobody answers. Default: yes, unless a host was named. */
  readonly autostart?: boolean;
  /** The daemon's main file, when it is not beside this one. */
  readonly daemonEntry?: string | undefined;
  readonly cwd?: string;
  readonly env?: Env;
  /** Told once when a started daemon takes longer than a second to answer. */
  readonly onWaiting?: () => void;
};

export type ClientOptions = NodeOptions & { readonly transport?: Transport };

/** Connects lazily: nothing happens until the first call. */
export function createClient(options: ClientOptions = {}): Aither {
  const { cwd = process.cwd(), env = process.env } = options;
  const transport = options.transport ?? nodeTransport(options);
  const workspace = (): string => workspaceOf(cwd);
  const all = () => ({ workspace: workspace(), env: jobEnvironment(env), umask: process.umask() });
  if (!transport.where.startsWith("http:")) return createClientOver(transport, all);
  // Only `admin` may say from which environment scripts start: with a lesser token it is the daemon's own.
  let role: Promise<string> | undefined;
  return createClientOver(transport, async () => {
    role ??= call(transport, "showSession", {}).then(
      (session) => session.role,
      (error: unknown) => {
        // The next one asks again.
        role = undefined;
        throw error;
      },
    );
    return (await role) === "admin" ? all() : { workspace: workspace() };
  });
}

/** How long a listener whose queue is full is tried again. */
const BUSY_PATIENCE_MS = 5_000;
const BUSY_PAUSE_MS = 20;

/** The transport alone, for thin programs. */
export function nodeTransport(options: NodeOptions = {}): Transport {
  const places = placesOf(options);
  const host = options.host ?? places.host;
  const env = options.env ?? process.env;
  const named = options.host !== undefined || Boolean(env["AITHER_HOST"]);
  const line = new Line(addressOf(host, env), (options.autostart ?? !named) ? places : null, options);
  return {
    where: host,
    request: async (request) => exchange(await line.connect(request), line.address, request),
    async socket({ path, signal, wake }) {
      (await line.connect({ ...(signal && { signal }), ...(wake && { wake }) })).destroy();
      const { openSocket } = await import("./node-websocket.ts");
      return openSocket({ address: line.address, path, signal, Cut: ConnectionCut });
    },
  };
}

/** Dials; and when nobody is there, starts somebody, at most once at a time. */
class Line {
  readonly address: Address;
  readonly #places: Places | null;
  readonly #options: NodeOptions;
  #starting: Promise<void> | null = null;

  constructor(address: Address, places: Places | null, options: NodeOptions) {
    this.address = address;
    this.#places = places;
    this.#options = options;
  }

  async connect({ signal, wake = "always" }: Pick<HttpRequest, "signal" | "wake">): Promise<Socket> {
    let busyUntil = Date.now() + BUSY_PATIENCE_MS;
    let started = false;
    for (;;) {
      try {
        return await dial(this.address, signal);
      } catch (error) {
        signal?.throwIfAborted();
        const code = (error as NodeJS.ErrnoException).code ?? "";
        const busy = code === "EAGAIN" || (started && (code === "ECONNREFUSED" || code === "ENOENT"));
        if (busy && Date.now() < busyUntil) await pause(BUSY_PAUSE_MS, signal);
        else if (!started && this.#places !== null && mayStart(code, wake)) {
          await this.#start(this.#places, signal);
          started = true;
          // Whoever answered a moment ago may have been one that was about to stop.
          busyUntil = Date.now() + BUSY_PATIENCE_MS;
        } else throw unreachable(this.address, error as NodeJS.ErrnoException);
      }
    }
  }

  async #start(places: Places, signal: AbortSignal | undefined): Promise<void> {
    this.#starting ??= (async () => {
      const { autostart } = await import("./node-autostart.ts");
      await autostart({
        places,
        env: this.#options.env ?? process.env,
        entry: this.#options.daemonEntry,
        onWaiting: this.#options.onWaiting,
        signal,
        refusal: (told) => new AitherError(told),
        fail,
        pause,
        answers: () =>
          dial(this.address).then(
            (socket) => Boolean(socket.destroy()),
            () => false,
          ),
      });
    })().finally(() => {
      this.#starting = null;
    });
    await this.#starting;
  }
}

/** A stopped daemon has taken its socket away (ENOENT); a crashed one left it behind (ECONNREFUSED). */
function mayStart(code: string, wake: Wake): boolean {
  if (wake === "never") return false;
  return code === "ECONNREFUSED" || (code === "ENOENT" && wake === "always");
}

function unreachable(address: Address, error: NodeJS.ErrnoException): AitherError {
  const why: Record<string, string> = {
    ENOENT: "nobody listens there",
    ECONNREFUSED: "nobody listens there",
    EACCES: "this user may not use it",
    EAGAIN: "it is too busy",
  };
  const reason = why[error.code ?? ""] ?? error.message;
  return fail("DAEMON_UNREACHABLE", `no daemon could be reached at ${address.where}: ${reason}`, { cause: error });
}
