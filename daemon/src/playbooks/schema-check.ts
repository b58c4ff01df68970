import { nearest } from "@aither/core";
import type { Finding, Path, ReadPlaybook } from "@aither/playbook";
import type { Json } from "@aither/protocol";

type Read = Extract<ReadPlaybook, { ok: true }>;

/** As much of JSON Schema as the playbook's is made of. */
type Schema = {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
};

/**
 * What the published schema says about a v3 playbook that the reader lets pass: values out of range, and keys that look
 * like a slip of the pen. Both are warnings, for the playbook can be started. Older formats have no schema of their own,
 * but words.
 */
export async function schemaFindings(read: Read): Promise<Finding[]> {
  if (read.format !== "v3-jobs") return slipsOfOld(read);
  // The validator makes code at run time and is dear to load, so only who validates pays for it.
  const [{ createPlaybookValidator }, { playbookSchema }] = await Promise.all([
    import("@aither/playbook/validate"),
    import("@aither/protocol/contracts"),
  ]);
  validator ??= createPlaybookValidator(playbookSchema);
  const model = JSON.parse(JSON.stringify(read.playbook)) as Json;
  const wrong = validator(model).map((one): Finding => ({
    ...one,
    severity: "warning",
    path: writtenPath(read, one.path),
  }));
  return [...wrong, ...strangeKeys(read, playbookSchema as Schema)];
}

let validator: ((value: unknown) => Finding[]) | undefined;

/** What somebody may have meant who writes an older format. */
const oldWords =
  "name description metadata orchestration stages sequence sequences scripts script steps condition conditional variables defaultVariables parameters profiles overrides excludeStages dependsOn continueOnError timeout timeoutSeconds retries retryCount retryDelay maxRetries parallel maxConcurrency required customScript preScript executionOrder requirements prerequisites notifications postActions successCriteria errorHandling environment".split(
    " ",
  );

/** Keys of an older format that mean nothing and are nearly a word that would. */
function slipsOfOld(read: Read): Finding[] {
  return read.notEnforced.flatMap(({ what, where, reason }): Finding[] => {
    if (!reason.startsWith("this key has no meaning") || what.length < 5) return [];
    const like = nearest(what, oldWords);
    if (like === null || !isSlip(what.toLowerCase(), like.toLowerCase())) return [];
    const path = [...where.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([text, index]) =>
      index === undefined ? text : Number(index),
    );
    const message = `\`${what}\` means nothing here`;
    return [{ severity: "warning", code: "unknown-key", message, fix: `did you mean ${like}?`, path, onKey: true }];
  });
}

/** The first letter is seldom wrong, and hardly more than one is missing, too many or another. */
function isSlip(written: string, meant: string): boolean {
  const left = meant.split("");
  const odd = written.split("").filter((letter) => {
    const at = left.indexOf(letter);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return written[0] === meant[0] && written !== meant && odd.length + left.length <= 2;
}

/** Where a value of the model was written: the nearest part whose place is known, and the keys from there. */
function writtenPath(read: Read, path: Path): Path {
  let part: unknown = read.playbook;
  let written: Path = [];
  for (const key of path) {
    part = (part as Readonly<Record<string | number, unknown>> | undefined)?.[key];
    const known = typeof part === "object" && part !== null ? read.pathOf(part) : [];
    written = known.length > 0 ? known : [...written, key];
  }
  return written;
}

/** Keys that nobody reads and that are nearly the name of one that means something. */
function strangeKeys(read: Read, schema: Schema): Finding[] {
  const findings: Finding[] = [];
  const walk = (value: unknown, at: Schema | undefined, path: Path): void => {
    if (typeof value !== "object" || value === null || at === undefined) return;
    if (Array.isArray(value)) {
      value.forEach((item, index) => walk(item, at.items, [...path, index]));
      return;
    }
    const inherited = Object.values(at.patternProperties ?? {})[0];
    for (const [key, item] of Object.entries(value)) {
      const known = at.properties?.[key] ?? inherited;
      if (known !== undefined) walk(item, known, [...path, key]);
      else if (at.properties !== undefined) strange(key, Object.keys(at.properties), path);
    }
  };
  const strange = (key: string, names: readonly string[], path: Path): void => {
    const like = nearest(key, names);
    if (like === null) return;
    findings.push({
      severity: "warning",
      code: "unknown-key",
      message: `\`${key}\` means nothing here`,
      fix: `did you mean ${like}?`,
      path: [...writtenPath(read, path), key],
      onKey: true,
    });
  };
  walk(read.playbook, schema, []);
  return findings;
}
