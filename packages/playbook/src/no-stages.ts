import { isObject, type JsonObject } from "./fields.ts";
import type { Finding } from "./finding.ts";

const words = ["orchestration", "jobs", "stages", "sequence", "sequences", "scripts"];

/** Why a file holds nothing that could run: most likely the key that would say it is misspelt. */
export function noStages(file: JsonObject): Finding {
  const inner = Object.entries(file).find(([key, value]) => key.toLowerCase() === "orchestration" && isObject(value));
  const maps = [
    { path: [] as string[], keys: Object.keys(file) },
    ...(inner === undefined ? [] : [{ path: [inner[0]], keys: Object.keys(inner[1] as JsonObject) }]),
  ];
  for (const { path, keys } of maps) {
    for (const key of keys) {
      const like = words.find((word) => isSlip(key.toLowerCase(), word));
      if (like === undefined) continue;
      return {
        severity: "error",
        code: "not-a-playbook",
        message: `this file has no stages: \`${key}\` means nothing here`,
        fix: `did you mean ${like}?`,
        path: [...path, key],
        onKey: true,
      };
    }
  }
  return {
    severity: "error",
    code: "not-a-playbook",
    message:
      "this file has no stages: neither `orchestration.jobs`, `orchestration.stages`, `stages`, `Sequence` nor `Scripts`",
    fix: "add `orchestration.jobs`, or give the file another name",
    path: [],
  };
}

/** The first letter is seldom wrong, and hardly more than two are missing, too many or others. */
function isSlip(written: string, meant: string): boolean {
  if (written === meant || written[0] !== meant[0] || Math.abs(written.length - meant.length) > 2) return false;
  const left = meant.split("");
  const odd = written.split("").filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return odd.length + left.length <= 2;
}
