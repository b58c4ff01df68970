import { existsSync, readFileSync } from "node:fs";
import { isUnreachable, readService } from "@aither/client/node";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { defineInstalled, type Definition } from "../../service/definition.ts";
import { lingers, run } from "../../service/run.ts";

type State = { readonly enabled: boolean | null; readonly active: boolean | null; readonly pid: number | null };

/** `aither service status`: 0 when it is installed and its daemon answers, 3 when it does not, 4 when there is none. */
export async function serviceStatus(context: Context, input: Input): Promise<number> {
  const { places, io } = context;
  const definition = defineInstalled(context, { system: input.on("system") });
  const { service, file, text, beside, encoding } = definition;
  const installed = existsSync(file);
  const current = [{ file, text }, ...beside].every(
    (one) => existsSync(one.file) && readFileSync(one.file, encoding).replace(/^\ufeff/, "") === one.text,
  );
  const state = installed ? stateOf(definition) : { enabled: false, active: false, pid: null };
  const daemonPid = await context.calmClient.daemon().then(
    ({ pid }) => pid,
    (error: unknown) => {
      if (!isUnreachable(error)) throw error;
      return null;
    },
  );
  const stays = service.manager === "systemd-user" ? lingers() : null;
  const marked = readService(places.home) !== null;
  if (context.json)
    await io.write(document({ ...service, file, installed, marked, current, ...state, daemonPid, lingers: stays }));
  else if (!installed) await io.lines(["no service is installed for this home; aither service install makes one"]);
  else await io.lines(words({ definition, current, state, daemonPid, stays }));
  if (!installed) return exit.notFound;
  return daemonPid === null ? exit.unreachable : exit.done;
}

function stateOf({ service, absent }: Definition): State {
  const unknown = { enabled: null, active: null, pid: null };
  if (absent !== null || !service.manager.startsWith("systemd")) return unknown;
  const scope = service.manager === "systemd-user" ? ["--user"] : [];
  const { ok, stdout } = run(["systemctl", ...scope, "show", "-p", "ActiveState,UnitFileState,MainPID", service.name]);
  if (!ok) return unknown;
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(stdout)?.[1] ?? "";
  const pid = Number(value("MainPID"));
  return { enabled: value("UnitFileState") === "enabled", active: value("ActiveState") === "active", pid: pid || null };
}

type Found = {
  readonly definition: Definition;
  readonly current: boolean;
  readonly state: State;
  readonly daemonPid: number | null;
  readonly stays: boolean | null;
};

function words({ definition, current, state, daemonPid, stays }: Found): string[] {
  const { service, file, absent } = definition;
  const said = (value: boolean | null): string => (value === null ? "unknown" : value ? "yes" : "no");
  const whose = state.pid !== null && state.pid === daemonPid ? "of this service" : "not known to be of this service";
  return [
    `service  ${service.name} (${service.manager})`,
    `file     ${file}`,
    `enabled  ${said(state.enabled)}`,
    `active   ${said(state.active)}${absent === null ? "" : ` (${absent})`}`,
    `daemon   ${daemonPid === null ? "does not answer" : `pid ${daemonPid}, ${whose}`}`,
    ...(stays === null ? [] : [`linger   ${stays ? "yes" : "no: at your last logout it ends, and scripts with it"}`]),
    ...(current ? [] : ["! the file is not what this version would write; aither service install writes it anew"]),
  ];
}
