import type { Context } from "../context.ts";
import { document } from "../display/json.ts";
import { crashTest } from "../crash-test/run.ts";
import { daemonFindings } from "../doctor/daemon.ts";
import { looked, type Finding } from "../doctor/finding.ts";
import { diskFindings, folderFindings } from "../doctor/home.ts";
import { clockFindings, firstProcessFindings, limitFindings, logoutFindings } from "../doctor/machine.ts";
import { settingFindings } from "../doctor/settings.ts";
import { buildFindings, nodeFindings, programFindings } from "../doctor/setup.ts";
import { exit } from "../exit.ts";
import type { Input } from "../input.ts";
import type { Theme } from "../display/theme.ts";

/** `aither doctor`: looks, and touches nothing. 0 when nothing is broken, else 1. */
export async function doctor(context: Context, input: Input): Promise<number> {
  if (input.on("crash-test")) {
    const played = await crashTest(context);
    if (played === null) return exit.stopped;
    const { findings, kills } = played;
    return tell(context, { findings, more: { kills }, fine: "nothing was lost" });
  }
  const findings = await examine(context);
  return tell(context, { findings, more: {}, fine: "nothing is broken" });
}

async function examine(context: Context): Promise<Finding[]> {
  const { env, places } = context;
  return (
    await Promise.all([
      looked("Node", () => nodeFindings(process.versions.node, context.nowMs(), env)),
      looked("build", buildFindings),
      looked("home", () => folderFindings(places)),
      looked("disk", () => diskFindings(places.home)),
      looked("settings", async () => settingFindings(context)),
      looked("daemon", async () => daemonFindings(context)),
      looked("logout", () => logoutFindings(env["PATH"] ?? "")),
      looked("programs", async () => programFindings(env)),
      looked("limits", () => limitFindings()),
      looked("clock", clockFindings),
      looked("process 1", () => firstProcessFindings()),
    ])
  ).flat();
}

type Told = { readonly findings: readonly Finding[]; readonly more: object; readonly fine: string };

async function tell({ io, json, quiet }: Context, { findings, more, fine }: Told): Promise<number> {
  const broken = findings.filter(({ state }) => state === "bad").length;
  if (json) await io.write(document({ healthy: broken === 0, ...more, findings }));
  else {
    await io.lines(findings.flatMap((finding) => lines(finding, io.theme)));
    if (!quiet) io.say(broken === 0 ? `\n${fine}` : `\n${broken} broken; each ✗ says the mend`);
  }
  return broken === 0 ? exit.done : exit.failed;
}

const NAME_COLUMNS = 21;

function lines({ name, state, says, mend }: Finding, theme: Theme): string[] {
  const sign = state === "warn" ? theme.warn("!") : theme.sign(state === "good" ? "Completed" : "Failed");
  const line = `${sign} ${name.padEnd(NAME_COLUMNS)} ${says}`;
  return mend === null ? [line] : [line, `${" ".repeat(NAME_COLUMNS + 3)}${theme.dim(`→ ${mend}`)}`];
}
