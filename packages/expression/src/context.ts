import type { Value } from "./values.ts";

/** A function of the caller's: `success()`, `hashFiles(…)`. May answer an unknown; may throw an EvaluationError. */
export type ExpressionFunction = (values: readonly Value[]) => Value;

/** What an expression can see. */
export type Context = {
  /** GitHub's contexts by name: `matrix`, `needs`, `env` … A name that is not here is a mistake of the writer. */
  readonly names: Readonly<Record<string, Value>>;
  /** Functions beyond the built-in ones, by lower-case name. */
  readonly functions?: Readonly<Record<string, ExpressionFunction>>;
  /** What `{{x}}`, `$x` and `Variables.x` read, ignoring case. */
  readonly variables?: Readonly<Record<string, Value>>;
  /** What a variable is that is not among them; without it such a one has no value. */
  readonly otherVariables?: Value;
  /** What `$env:NAME` reads; without it such a condition is undecidable. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Node's name of the platform, for `$IsWindows`, `$IsLinux`, `$IsMacOS`. */
  readonly platform?: string;
};

/** Why an expression has no value although it is well formed. Thrown inside this package only, and by caller's functions. */
export class EvaluationError extends Error {}
