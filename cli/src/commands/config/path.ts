import { existsSync } from "node:fs";
import type { Context } from "../../context.ts";
import { document } from "../../display/json.ts";
import { exit } from "../../exit.ts";
import { settingsPaths } from "../../settings.ts";

/** `aither config path`: where the settings files are, or would be; the first one counts before the second. */
export async function showPaths(context: Context): Promise<number> {
  const { io } = context;
  const paths = settingsPaths(context);
  if (context.json) {
    const known = (path: string): object => ({ path, exists: existsSync(path) });
    await io.write(document({ workspace: known(paths.workspace), user: known(paths.user) }));
  } else await io.lines([paths.workspace, paths.user]);
  return exit.done;
}
