import { chmod, cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const shared = fileURLToPath(new URL("../../../shared/upstream/", import.meta.url));

/** Whether the read-only upstream data stands beside the checkout. */
export const hasUpstream = existsSync(join(shared, "scripts.json"));

type Header = { number: string; file: string; stage: string; description: string; tags: string[] };

/**
 * Lays out a workspace as upstream has it: its playbooks as they are, and one small shell script for each of its
 * numbered scripts. Every script notes its number in `$LEDGER`; the one named by `$SLOW` prints lines up to a gate and
 * goes on only when the gate's file is there, so that a test can do things *while* it runs without timing anything.
 */
export async function layOutUpstream(workspace: string, snapshot = "2025-11-06"): Promise<string[]> {
  await cp(join(shared, "playbooks", snapshot), join(workspace, "orchestration/playbooks"), { recursive: true });
  const folder = join(workspace, "automation-scripts");
  await mkdir(folder, { recursive: true });
  const { catalogs } = JSON.parse(await readFile(join(shared, "scripts.json"), "utf8")) as {
    catalogs: Record<string, Header[]>;
  };
  const headers = catalogs[snapshot] ?? [];
  for (const header of headers) {
    const file = join(folder, header.file.replace(/\.\w+$/, ".sh"));
    await writeFile(file, scriptText(header));
    await chmod(file, 0o755);
  }
  return headers.map(({ number }) => number);
}

function scriptText({ number, stage, description, tags }: Header): string {
  return `#!/bin/sh
# Stage: ${stage}
# Description: ${description.replaceAll("\n", " ")}
# Tags: ${tags.join(", ")}
echo "start ${number}" >> "$LEDGER"
if [ "$SLOW" = ${number} ]; then
  i=1; while [ $i -le 500 ]; do echo "${number} before the gate $i"; i=$((i + 1)); done
  echo "at the gate $$" >> "$LEDGER"
  until [ -e "$GATE" ]; do sleep 0.02; done
  i=1; while [ $i -le 500 ]; do echo "${number} behind the gate $i"; i=$((i + 1)); done
fi
echo "${number} says hello"
echo "end ${number}" >> "$LEDGER"
[ "$FAILS" = ${number} ] && exit 7
exit 0
`;
}

/** The lines a slow script prints, in order. */
export function slowScriptLines(number: string): string[] {
  const lines = (where: string) => Array.from({ length: 500 }, (_, i) => `${number} ${where} the gate ${i + 1}`);
  return [...lines("before"), ...lines("behind"), `${number} says hello`];
}
