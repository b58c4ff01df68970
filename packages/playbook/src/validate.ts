import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import type { Finding, Path } from "./finding.ts";

/**
 * Checks a v3 playbook against its JSON Schema (`schemas/playbook.json`). This entry is apart from the others because
 * it brings ajv, which makes code at run time: a page may not load it.
 */
export function createPlaybookValidator(schema: object): (value: unknown) => Finding[] {
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(schema);
  return (value) => {
    if (validate(value)) return [];
    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== "anyOf" && keyword !== "const");
    return dedupe((errors.length > 0 ? errors : (validate.errors ?? [])).map(findingOf));
  };
}

function findingOf(error: ErrorObject): Finding {
  const path: Path = error.instancePath
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  return {
    severity: "error",
    code: `schema-${error.keyword.toLowerCase()}`,
    message: `${path.length === 0 ? "the playbook" : `\`${path.join(".")}\``} ${error.message ?? "is wrong"}`,
    fix: null,
    path,
  };
}

/** Several branches of a union complain about one place; the first says enough. */
function dedupe(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((one) => [JSON.stringify(one.path), one])).values()];
}
