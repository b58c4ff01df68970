import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import type { Reply } from "@aither/protocol";
import type { Context } from "../context.ts";
import { document } from "../display/json.ts";
import { exit } from "../exit.ts";
import { usage, type Input } from "../input.ts";

const roles = ["viewer", "operator", "admin"] as const;
type Role = (typeof roles)[number];

/** `aither dashboard`: the daemon opens its door on 127.0.0.1 only because somebody on its socket asks for it. */
export async function dashboard(context: Context, input: Input): Promise<number> {
  if (input.on("revoke-all")) return revokeAll(context, input);
  const kind = input.on("token") ? "token" : "link";
  const expiresMs = input.timeMs("expires");
  const role = roleOf(input.text("role"));
  const invitation = await context.client.call("inviteSession", {
    body: { kind, role, ...(expiresMs !== undefined && { expiresMs }) },
  });
  if (context.json) await context.io.write(document(invitation));
  else if (kind === "token") await tellToken(context, invitation);
  else await openLink(context, input, invitation);
  return exit.done;
}

function roleOf(text: string | undefined): Role {
  const found = roles.find((role) => role === (text ?? "admin"));
  if (found !== undefined) return found;
  throw usage(`--role must be one of ${roles.join(", ")}, not ${JSON.stringify(text)}`);
}

type Invitation = Reply<"inviteSession">;

/** The token is data, how to use it is talk. */
async function tellToken({ io, quiet }: Context, { token = "", url, role, validUntil }: Invitation): Promise<void> {
  await io.lines([token]);
  if (quiet) return;
  io.say(`A token of the role ${role}, until ${validUntil}. It is shown this once. To use it:`);
  io.say(`  export AITHER_HOST=${url} AITHER_TOKEN=…`);
}

/** A browser is given the name of a file that leads to the link: arguments of processes are no secret. */
async function openLink(context: Context, input: Input, { url, redirectFile, role }: Invitation): Promise<void> {
  const { io, env, quiet } = context;
  const browser = input.on("no-browser") || redirectFile === undefined ? null : browserOf(env);
  if (browser !== null && redirectFile !== undefined && (await starts(browser, pathToFileURL(redirectFile).href))) {
    if (!quiet) io.say(`Opening ${url.replace(/\/open#.*/, "")} in your browser, in the role ${role}.`);
    return;
  }
  await io.lines([url]);
  if (!quiet) io.say("Open this within a minute, in a browser of this machine. It works once.");
}

type Env = Context["env"];

/** `$BROWSER`, else what the desktop has; null where no desktop is to be seen. */
function browserOf(env: Env): readonly string[] | null {
  if (env["BROWSER"]) return env["BROWSER"].split(" ").filter(Boolean);
  if (env["SSH_CONNECTION"] || env["CI"]) return null;
  if (process.platform === "darwin") return ["open"];
  if (process.platform === "win32") return ["explorer"];
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? ["xdg-open"] : null;
}

/** Whether it could be started. It lives on by itself. */
async function starts([file = "", ...argv]: readonly string[], address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(file, [...argv, address], { detached: true, stdio: "ignore" });
    child.once("error", () => resolve(false));
    child.once("spawn", () => {
      child.unref();
      resolve(true);
    });
  });
}

async function revokeAll(context: Context, input: Input): Promise<number> {
  if (input.on("token") || input.text("role") !== undefined || input.text("expires") !== undefined)
    throw usage("--revoke-all stands alone", "first revoke, then ask for a new link or token");
  const reply = await context.client.call("revokeSessions", {});
  if (context.json) await context.io.write(document(reply));
  else if (!context.quiet) context.io.say(`${reply.revoked.length} sessions ended; the door is closed`);
  return exit.done;
}
