import { dump } from "js-yaml";
import type { Playbook } from "@aither/protocol";

/**
 * Writes a playbook as v3, in the order of the model. Reading the text again gives the same plan: texts that YAML would
 * take for something else (`0402`, `yes`, a date) are quoted.
 */
export function writePlaybook(playbook: Playbook, syntax: "yaml" | "json"): string {
  const { $schema: _schema, apiVersion: _version, ...rest } = playbook;
  const document = { apiVersion: "aither/v1", ...rest };
  return syntax === "json"
    ? `${JSON.stringify(document, null, 2)}\n`
    : dump(document, { lineWidth: 110, noRefs: true });
}
