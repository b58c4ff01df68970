import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import type { Input } from "../../input.ts";
import { knownSetting, settingHere } from "../../settings.ts";
import { valueText } from "./list.ts";

/** `aither config get NAME` */
export async function getSetting(context: Context, input: Input): Promise<number> {
  const name = await knownSetting(input.args[0] ?? "");
  const { value, origin, where } = await settingHere(context, name);
  if (context.json) await context.io.write(document({ name, value, origin, where }));
  else
    await context.io.lines([input.on("show-origin") ? `${valueText(value)}  (${where ?? origin})` : valueText(value)]);
  return exit.done;
}
