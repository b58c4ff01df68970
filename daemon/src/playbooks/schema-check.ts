import { nearest } from "@aither/core";
import type { Finding, Path, ReadPlaybook } from "@aither/playbook";
import type { Json, NotEnforced } from "@aither/protocol";

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

/** Of all that only the part that needs no validator: keys that nobody reads and that are nearly one that means something. */
export async function likelySlips(read: Read): Promise<Finding[]> {
  if (read.format !== "v3-jobs") return slipsOfOld(read);
  const { playbookSchema } = await import("@aither/protocol/contracts");
  return strangeKeys(read, playbookSchema as Schema);
}

/** A key that the reader knows nothing of; what else is not enforced has its own reason. */
export function isUnknownKey({ reason }: NotEnforced): boolean {
  return reason.startsWith("this key has no meaning");
}

/** `orchestration.stages[2].timeout` as keys and indexes. */
export function pathOf(where: string): Path {
  return [...where.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([text, index]) => (index === undefined ? text : Number(index)));
}

let validator: ((value: unknown) => Finding[]) | undefined;

/** What somebody may have meant who writes an older format. */
const oldWords =
  "name description metadata orchestration stages sequence sequences scripts script steps condition conditional variables defaultVariables parameters profiles overrides excludeStages dependsOn continueOnError timeout timeoutSeconds retries retryCount retryDelay maxRetries parallel maxConcurrency required customScript preScript executionOrder requirements prerequisites notifications postActions successCriteria errorHandling environment".split(
    " ",
  );

/** Keys of an older format that mean nothing and are nearly a word that would. */
function slipsOfOld(read: Read): Finding[] {
  return read.notEnforced.filter(isUnknownKey).flatMap(({ what, where }): Finding[] => {
    if (what.length < 5) return [];
    const like = nearest(what, oldWords);
    if (like === null || !isSlip(what.toLowerCase(), like.toLowerCase())) return [];
    const message = `\`${what}\` means nothing here`;
    const fix = `did you mean ${like}?`;
    return [{ severity: "warning", code: "unknown-key", message, fix, path: pathOf(where), onKey: true }];
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
