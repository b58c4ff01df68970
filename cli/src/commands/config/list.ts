import { settings, settingVariable, type SettingName } from "@aither/protocol";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { table } from "../../display/table.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { lookUp, mistake, readSettingsFiles, strangers } from "../../settings.ts";

/** `aither config list`: what counts here, and with `--show-origin` since where. */
export async function listSettings(context: Context, input: Input): Promise<number> {
  const { io } = context;
  const files = await readSettingsFiles(context);
  const rows = [];
  for (const name of Object.keys(settings) as SettingName[]) {
    const found = lookUp(context, files, name);
    if (found.is === "wrong") throw await mistake(files, name, found);
    const { type, default: usual, reader, about } = settings[name];
    const { value, origin, where } = found;
    rows.push({ name, value, default: usual, origin, where, env: settingVariable(name), reader, type, about });
  }
  const odd = await strangers(files);
  if (context.json) await io.write(document({ settings: rows, unknown: odd }));
  else {
    const from = input.on("show-origin");
    const head = [{ title: "SETTING" }, { title: "VALUE", flexible: true }, ...(from ? [{ title: "FROM" }] : [])];
    const lines = rows.map(({ name, value, origin, where }) => [name, valueText(value), where ?? origin]);
    await io.lines(table(head, lines, { columns: io.columns, paintHead: io.theme.dim }));
  }
  for (const { place, says, mend } of odd) io.say(`aither: ${place}: ${says}\n  ${mend}`);
  return exit.done;
}

/** As it would be typed. */
export function valueText(value: unknown): string {
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
