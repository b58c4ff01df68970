/** Which environment variables of a job hold secrets: those somebody named, and those whose names say so. */
import type { NotEnforced, Plan } from "@aither/protocol";
import type { Secret } from "../host.ts";
import { isLongEnough, VALUE_BYTES_MIN } from "./forms.ts";

/** What only its name makes a secret must be longer: `DB_PASSWORD=root` would hide every `root`. */
const GUESSED_BYTES_MIN = 6;

export type NamePattern = (name: string) => boolean;

/** `*` stands for anything; case is ignored. */
export function namePattern(globs: readonly string[]): NamePattern {
  const parts = globs.map((glob) => glob.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`).replaceAll("*", ".*"));
  if (parts.length === 0) return () => false;
  const pattern = new RegExp(`^(?:${parts.join("|")})$`, "i");
  return (name) => pattern.test(name);
}

export type SecretsQuestion = {
  /** What the job's scripts start from. */
  readonly env: Readonly<Record<string, string>>;
  /** Named by whoever starts the job. */
  readonly given: Iterable<string>;
  readonly plan: Pick<Plan, "secrets" | "stages"> | null;
  readonly isSecretName: NamePattern;
};

export type SecretsFound = { readonly secrets: readonly Secret[]; readonly notes: readonly NotEnforced[] };

/** The values to be masked, and what is to be said of names whose value cannot be. */
export function secretsOf({ env, given, plan, isSecretName }: SecretsQuestion): SecretsFound {
  const named = new Set([...given, ...(plan?.secrets ?? [])]);
  const guessed = new Map<string, boolean>();
  const isGuessed = (name: string): boolean => {
    const known = guessed.get(name) ?? isSecretName(name);
    guessed.set(name, known);
    return known;
  };
  const found = new Map<string, Secret>();
  const short = new Set<string>();
  const look = (values: Readonly<Record<string, string>>): void => {
    for (const name in values) {
      const value = values[name]!;
      if (named.has(name)) {
        if (isLongEnough(value)) found.set(value, { name, value });
        else short.add(name);
      } else if (isGuessed(name) && Buffer.byteLength(value.trim()) >= GUESSED_BYTES_MIN) {
        found.set(value, { name, value });
      }
    }
  };
  look(env);
  for (const script of scriptsOf(plan)) {
    look(script.run.env);
    if (script.undo !== undefined) look(script.undo.run.env);
  }
  const known = new Set([...found.values()].map(({ name }) => name));
  const notes = [...named].flatMap((name) => {
    const reason = short.has(name)
      ? `its value has fewer than ${VALUE_BYTES_MIN} bytes, so it is not masked`
      : known.has(name)
        ? null
        : "the job's environment has no such variable";
    return reason === null ? [] : [{ what: name, where: "secrets", reason }];
  });
  return { secrets: [...found.values()], notes };
}

function scriptsOf(plan: SecretsQuestion["plan"]) {
  return (plan?.stages ?? []).flatMap(({ legs }) => (legs ?? []).flatMap(({ scripts }) => scripts));
}
