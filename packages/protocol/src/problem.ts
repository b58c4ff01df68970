/**
 * The error-code catalogue. Imports nothing: the CLI's hot path takes it as values.
 * docs/errors.md is printed from it.
 */
type Entry = {
  readonly title: string;
  readonly status: number;
  readonly exit: number;
  readonly hint: string;
};

export const problems = {
  USAGE: {
    title: "The command line is wrong",
    status: 400,
    exit: 2,
    hint: "aither help shows how it is used",
  },
  REQUEST_INVALID: {
    title: "The request is not well formed",
    status: 400,
    exit: 2,
    hint: "GET /api/openapi.json describes every call",
  },
  PLAYBOOK_AMBIGUOUS: {
    title: "More than one playbook has that name",
    status: 409,
    exit: 4,
    hint: "give the path of the one that is meant",
  },
  PLAYBOOK_NOT_FOUND: {
    title: "No such playbook",
    status: 404,
    exit: 4,
    hint: "aither playbooks list shows what there is",
  },
  PLAYBOOK_INVALID: {
    title: "The playbook is wrong",
    status: 422,
    exit: 2,
    hint: "aither playbooks validate shows every finding",
  },
  PLAYBOOK_TOO_LARGE: {
    title: "The playbook file is too large",
    status: 413,
    exit: 2,
    hint: "split it: a playbook file may have up to 4 MiB",
  },
  PROFILE_NOT_FOUND: {
    title: "No such profile",
    status: 422,
    exit: 2,
    hint: "aither playbooks show lists a playbook's profiles",
  },
  VARIABLE_MISSING: {
    title: "A variable has no value",
    status: 422,
    exit: 2,
    hint: "give it with --var name=value",
  },
  SCRIPT_NOT_FOUND: {
    title: "No such script",
    status: 404,
    exit: 4,
    hint: "aither scripts list shows what there is",
  },
  SELECTOR_INVALID: {
    title: "The selector is wrong",
    status: 422,
    exit: 2,
    hint: "selectors look like 0402, 0400-0499, 04*, tag:unit, stage:Testing, !0410",
  },
  SELECTOR_EMPTY: {
    title: "The selector matches nothing",
    status: 422,
    exit: 2,
    hint: "aither scripts list shows what there is",
  },
  INTERPRETER_MISSING: {
    title: "An interpreter is missing",
    status: 422,
    exit: 2,
    hint: "install it, or put it on PATH",
  },
  REQUIREMENT_UNMET: {
    title: "A requirement of the playbook is not met",
    status: 422,
    exit: 2,
    hint: "see `requirements` in the playbook",
  },
  WORKSPACE_INVALID: {
    title: "The workspace cannot be used",
    status: 422,
    exit: 2,
    hint: "stand in the project's folder, or give -C DIR",
  },
  JOB_NOT_FOUND: {
    title: "No such job",
    status: 404,
    exit: 4,
    hint: "aither jobs list shows what there is",
  },
  JOB_AMBIGUOUS: {
    title: "More than one job fits",
    status: 409,
    exit: 4,
    hint: "give more of the id, or the number",
  },
  JOB_ENDED: {
    title: "The job has ended",
    status: 409,
    exit: 5,
    hint: "aither jobs retry starts it anew",
  },
  JOB_ACTIVE: {
    title: "The job has not ended",
    status: 409,
    exit: 5,
    hint: "cancel it first, or wait",
  },
  JOB_STATE: {
    title: "The job is not in a state for that",
    status: 409,
    exit: 5,
    hint: "aither jobs status shows its state",
  },
  JOB_DAMAGED: {
    title: "The job's journal cannot be read",
    status: 500,
    exit: 5,
    hint: "its files are left as they are; the message names the place",
  },
  STAGE_OR_SCRIPT_NOT_FOUND: {
    title: "No such stage or script in this job",
    status: 404,
    exit: 4,
    hint: "aither jobs status shows its stages and scripts",
  },
  ARTIFACT_NOT_FOUND: {
    title: "No such artifact",
    status: 404,
    exit: 4,
    hint: "aither jobs artifacts JOB shows what a job keeps",
  },
  FORBIDDEN: {
    title: "Not allowed",
    status: 403,
    exit: 5,
    hint: "this door serves command line clients of the same user only",
  },
  ROLE_INSUFFICIENT: {
    title: "Not allowed in this role",
    status: 403,
    exit: 5,
    hint: "ask the owner of the daemon: aither dashboard --role operator, or admin",
  },
  NO_SESSION: {
    title: "No session, or one that has ended",
    status: 401,
    exit: 5,
    hint: "aither dashboard opens one; for programs, aither dashboard --token prints a token for AITHER_TOKEN",
  },
  NOT_FOUND: {
    title: "No such resource",
    status: 404,
    exit: 4,
    hint: "GET /api/openapi.json lists every path",
  },
  METHOD_NOT_ALLOWED: {
    title: "This path has no such method",
    status: 405,
    exit: 2,
    hint: "GET /api/openapi.json lists every path",
  },
  NOT_JSON: {
    title: "The request is not JSON",
    status: 415,
    exit: 2,
    hint: "send content-type: application/json",
  },
  REQUEST_TOO_SLOW: {
    title: "The request took too long to arrive",
    status: 408,
    exit: 3,
    hint: "try again",
  },
  HEADERS_TOO_LARGE: { title: "The headers of the request are too large", status: 431, exit: 2, hint: "send less" },
  BODY_TOO_LARGE: { title: "The request is too large", status: 413, exit: 2, hint: "send less" },
  SEARCH_TOO_SLOW: {
    title: "The search takes too long",
    status: 422,
    exit: 2,
    hint: "use a plainer regex: no repetition inside a repetition",
  },
  LIMIT_REACHED: {
    title: "A limit is reached",
    status: 429,
    exit: 5,
    hint: "wait for something to end, or raise the limit",
  },
  STOPPING: {
    title: "The daemon is stopping",
    status: 503,
    exit: 3,
    hint: "try again: the next command starts a new one",
  },
  DISK_FAILED: {
    title: "The disk failed or is full",
    status: 507,
    exit: 3,
    hint: "free some space, then try again; nothing was started",
  },
  DAEMON_UNREACHABLE: {
    title: "No daemon could be reached",
    status: 503,
    exit: 3,
    hint: "aither daemon start, then aither daemon logs",
  },
  DAEMON_START_FAILED: {
    title: "The daemon did not start",
    status: 503,
    exit: 3,
    hint: "aither daemon logs says why",
  },
  HOME_UNUSABLE: {
    title: "The home folder cannot be used",
    status: 503,
    exit: 3,
    hint: "choose another with --home or AITHER_HOME",
  },
  SOCKET_PATH_TOO_LONG: {
    title: "The socket's path is too long",
    status: 503,
    exit: 2,
    hint: "set XDG_RUNTIME_DIR or AITHER_HOST to something short (at most 103 bytes)",
  },
  STATE_NEWER: {
    title: "The state was written by a newer aither",
    status: 503,
    exit: 3,
    hint: "run that newer version",
  },
  PROTOCOL_MISMATCH: {
    title: "Client and daemon speak different versions",
    status: 426,
    exit: 3,
    hint: "aither daemon restart: running scripts go on meanwhile",
  },
  SETTING_INVALID: {
    title: "A setting is wrong",
    status: 400,
    exit: 2,
    hint: "aither config list --show-origin shows every setting, and docs/settings.md says what each is",
  },
  INTERNAL: {
    title: "This is a bug of ours",
    status: 500,
    exit: 70,
    hint: "please report it, with aither daemon logs",
  },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof problems;

/** RFC 9457 `application/problem+json`, as the API sends it and as `--json` prints it on stderr. */
export type Problem = {
  readonly apiVersion: "aither/v1";
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** `AITHER_E_` + a key of the catalogue. */
  readonly code: `AITHER_E_${ProblemCode}`;
  /** What is wrong, in one line; with `file:line:col` in front where there is a file. */
  readonly detail: string;
  /** What to do. */
  readonly hint: string;
  readonly diagnostics?: readonly Diagnostic[];
  readonly candidates?: readonly string[];
};

/** One finding in a file. `line` and `col` count from 1. */
export type Diagnostic = {
  readonly severity: "error" | "warning" | "info";
  /** Stable, kebab-case: `unknown-key`, `needs-cycle` … */
  readonly code: string;
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly col: number | null;
  readonly endLine: number | null;
  readonly endCol: number | null;
  /** How to mend it, in one sentence; null when there is nothing better to say than the message. */
  readonly fix: string | null;
};

type ProblemExtras = {
  hint?: string;
  diagnostics?: readonly Diagnostic[];
  candidates?: readonly string[];
};

/** Builds a problem of the catalogue. */
export function problem(code: ProblemCode, detail: string, extras: ProblemExtras = {}): Problem {
  const entry = problems[code];
  return {
    apiVersion: "aither/v1",
    type: `about:blank#${code.toLowerCase().replaceAll("_", "-")}`,
    title: entry.title,
    status: entry.status,
    code: `AITHER_E_${code}`,
    detail,
    hint: extras.hint ?? entry.hint,
    ...(extras.diagnostics && { diagnostics: extras.diagnostics }),
    ...(extras.candidates && { candidates: extras.candidates }),
  };
}

/** The catalogue's key of a problem's code: `AITHER_E_JOB_NOT_FOUND` → `JOB_NOT_FOUND`. */
export function problemKey(code: Problem["code"]): ProblemCode {
  return code.slice("AITHER_E_".length) as ProblemCode;
}
