import { createClient, placesOf, type Aither } from "@aither/client/node";
import type { Places } from "@aither/protocol";
import type { Input } from "./input.ts";
import { openIo, type Io } from "./io.ts";

/** What a command is given. Everything is made when it is first asked for. */
export interface Context {
  readonly io: Io;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the command stands: `-C DIR`, else the working directory. */
  readonly cwd: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly places: Places;
  /** Starts the daemon when nobody answers. */
  readonly client: Aither;
  /** Never starts one. */
  readonly calmClient: Aither;
  nowMs(): number;
}

export function openContext(input: Input, cwd: string): Context {
  const { env } = process;
  const io = openIo(env, { color: input.text("color") });
  const home = input.text("home");
  const quiet = input.on("quiet");
  const base = { home, cwd, env };
  const memo = <T>(make: () => T): (() => T) => {
    let made: { value: T } | undefined;
    return () => (made ??= { value: make() }).value;
  };
  const onWaiting = (): void => {
    if (!quiet) io.say("aither: the daemon is still starting …");
  };
  const places = memo(() => placesOf(base));
  const client = memo(() => createClient({ ...base, onWaiting }));
  const calmClient = memo(() => createClient({ ...base, autostart: false }));
  return {
    io,
    env,
    cwd,
    json: input.on("json"),
    quiet,
    verbose: input.on("verbose"),
    get places() {
      return places();
    },
    get client() {
      return client();
    },
    get calmClient() {
      return calmClient();
    },
    nowMs: () => Date.now(),
  };
}
