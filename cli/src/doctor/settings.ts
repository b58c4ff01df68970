/** What the settings files say, and what of it means nothing. Nothing in here writes. */
import { AitherError } from "@aither/client/node";
import { settings, type SettingName } from "@aither/protocol";
import type { Context } from "../context.ts";
import { lookUp, mistake, readSettingsFiles, strangers } from "../settings.ts";
import { bad, good, warn, type Finding } from "./finding.ts";

export async function settingFindings(context: Context): Promise<Finding[]> {
  try {
    const files = await readSettingsFiles(context);
    const found: Finding[] = [];
    for (const name of Object.keys(settings) as SettingName[]) {
      const value = lookUp(context, files, name);
      if (value.is === "wrong") found.push(wrong(await mistake(files, name, value)));
    }
    for (const { place, says, mend } of await strangers(files)) found.push(warn("settings", `${place}: ${says}`, mend));
    if (found.length > 0) return found;
    const there = [files.workspace, files.user].filter(({ text }) => text !== null).map(({ path }) => path);
    return [good("settings", there.length === 0 ? "none; everything is as it comes" : there.join(", "))];
  } catch (error) {
    if (error instanceof AitherError) return [wrong(error)];
    throw error;
  }
}

function wrong({ message, problem }: AitherError): Finding {
  return bad("settings", message, problem.hint);
}
