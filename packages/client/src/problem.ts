import { problem, problemKey, problems, type Diagnostic, type Problem, type ProblemCode } from "@aither/protocol";

/**
 * Marks our errors, whichever copy of this file made them: the command line has one copy in its hot file and one in
 * its cold files, and a program may have its own beside ours. `instanceof` asks for the mark, not for the constructor.
 */
const mark: unique symbol = Symbol.for("aither.error");

/** Anything the daemon refused, or that kept it from answering. `problem` says what is wrong and what to do. */
export class AitherError extends Error {
  override readonly name = "AitherError";
  readonly [mark]: "error" | "cut" = "error";
  readonly problem: Problem;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && mark in value;
  }

  constructor(what: Problem, options?: { readonly cause?: unknown }) {
    super(what.detail, options);
    this.problem = what;
  }

  /** The catalogue's key: `JOB_NOT_FOUND`. */
  get code(): ProblemCode {
    return problemKey(this.problem.code);
  }
}

/** The daemon was reached, and the connection was lost before the answer was whole. */
export class ConnectionCut extends AitherError {
  override readonly [mark] = "cut";

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && mark in value && value[mark] === "cut";
  }

  constructor(where: string, cause?: unknown) {
    super(problem("DAEMON_UNREACHABLE", `the connection to the daemon at ${where} was cut`), { cause });
  }
}

/** An error of the catalogue, made here. */
export function fail(
  code: ProblemCode,
  detail: string,
  extras: { hint?: string; candidates?: readonly string[]; cause?: unknown } = {},
): AitherError {
  const { cause, ...rest } = extras;
  return new AitherError(problem(code, detail, rest), cause === undefined ? undefined : { cause });
}

export function isAitherError(error: unknown): error is AitherError {
  return error instanceof AitherError;
}

/** No such job, playbook, script, stage or path. */
export function isNotFound(error: unknown): error is AitherError {
  return isAitherError(error) && error.problem.status === 404;
}

/** Nobody answered, the connection was cut, or the daemon is about to stop. */
export function isUnreachable(error: unknown): error is AitherError {
  return isAitherError(error) && (error.code === "DAEMON_UNREACHABLE" || error.code === "STOPPING");
}

/** There was a daemon a moment ago: it was cut off, or said that it stops. Another one may come soon. */
export function wasReached(error: unknown): boolean {
  return error instanceof ConnectionCut || (isAitherError(error) && error.code === "STOPPING");
}

/** The text fits several jobs; `error.problem.candidates` names them. */
export function isAmbiguous(error: unknown): error is AitherError {
  return isAitherError(error) && error.code === "JOB_AMBIGUOUS";
}

/** The job is not in a state for what was asked. */
export function isWrongState(error: unknown): error is AitherError {
  return isAitherError(error) && ["JOB_ENDED", "JOB_ACTIVE", "JOB_STATE"].includes(error.code);
}

/** What a status means that did not come from a daemon of ours; 502 to 504 are a proxy's words for "nobody there". */
const foreign: Readonly<Record<number, ProblemCode>> = {
  401: "FORBIDDEN",
  403: "FORBIDDEN",
  404: "NOT_FOUND",
  502: "DAEMON_UNREACHABLE",
  503: "DAEMON_UNREACHABLE",
  504: "DAEMON_UNREACHABLE",
};

/** What a refused call's body says; a body that is no problem document (a proxy's page) becomes one. */
export function problemOf(status: number, text: string): Problem {
  try {
    const value = JSON.parse(text) as Partial<Problem> | null;
    if (isOurs(value)) return wholeProblem(value, status);
  } catch {
    // Not JSON: told below as what it is.
  }
  return problem(
    foreign[status] ?? "INTERNAL",
    `the daemon answered ${status}: ${text.slice(0, 200).trim() || "nothing"}`,
  );
}

/** What else it says is taken where it is what it should be: an older or newer daemon may say less, or something else. */
function wholeProblem(told: Told, status: number): Problem {
  const { code, detail, title, hint, candidates, diagnostics } = told;
  const key = problemKey(code);
  const known = problem(Object.hasOwn(problems, key) ? key : "INTERNAL", detail);
  const isText = (value: unknown): value is string => typeof value === "string";
  return {
    ...known,
    ...told,
    status: Number.isInteger(told.status) ? Number(told.status) : status,
    title: isText(title) ? title : known.title,
    hint: isText(hint) ? hint : known.hint,
    ...(candidates !== undefined && { candidates: Array.isArray(candidates) ? candidates.filter(isText) : [] }),
    ...(diagnostics !== undefined && {
      diagnostics: Array.isArray(diagnostics) ? diagnostics.filter(isDiagnostic) : [],
    }),
  };
}

type Told = Partial<Problem> & Pick<Problem, "code" | "detail">;

function isOurs(value: Partial<Problem> | null): value is Told {
  return typeof value?.detail === "string" && /^AITHER_E_[A-Z_]+$/.test(String(value.code));
}

function isDiagnostic(value: unknown): value is Diagnostic {
  const told = value as Partial<Diagnostic> | null;
  return typeof told?.message === "string" && typeof told.severity === "string";
}
