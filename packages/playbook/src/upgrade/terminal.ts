import type { PlaybookTerminal } from "@aither/protocol";
import type { Path } from "../finding.ts";
import { type Fields, fieldsOf, isObject } from "../fields.ts";
import { compact, keepRest } from "./common.ts";

const SIDE_MAX = 9_999;

/** `pty: true`, or its size. Undefined: the step has no terminal. */
export function readTerminal(fields: Fields): PlaybookTerminal | undefined {
  const found = fields.raw("pty");
  if (found === undefined) return undefined;
  const read = isObject(found.value)
    ? readSize(fieldsOf(found.value, found.path, fields.gathering))
    : fields.flag("pty");
  if (read === undefined || read === false) return read;
  if (fields.has("separateStderr") && fields.flag("separateStderr") === true) {
    wrong(fields, found.path, "a terminal has one stream, so `separateStderr` cannot keep stderr apart", {
      fix: "take out `pty` or `separateStderr`",
    });
  }
  if (fields.has("uses")) {
    wrong(fields, found.path, "`pty` belongs to a step that runs something itself", {
      fix: "write it at the steps of what is called",
    });
  }
  return read;
}

function readSize(fields: Fields): PlaybookTerminal {
  return keepRest(
    compact<{ columns?: number; rows?: number }>({ columns: side(fields, "columns"), rows: side(fields, "rows") }),
    fields,
  );
}

function side(fields: Fields, name: "columns" | "rows"): number | undefined {
  const found = fields.raw(name);
  if (found === undefined) return undefined;
  const count = Number(found.value);
  if (Number.isInteger(count) && count >= 1 && count <= SIDE_MAX && typeof found.value !== "boolean") return count;
  wrong(fields, found.path, `\`${name}\` of a terminal must be a whole number from 1 to ${SIDE_MAX}`, {
    fix: "write it as pty: { columns: 120, rows: 40 }",
  });
  return undefined;
}

function wrong({ gathering }: Fields, path: Path, message: string, { fix }: { fix: string }): void {
  gathering.findings.push({ severity: "error", code: "wrong-value", message, fix, path });
}
