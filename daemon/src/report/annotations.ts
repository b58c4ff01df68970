/** `::error file=a.ts,line=3::text` in output, as GitHub's runner reads it. */

export type Annotation = {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly endLine: number | null;
  readonly col: number | null;
  readonly endColumn: number | null;
  readonly title: string | null;
};

/** Of one report; more are left out. */
export const ANNOTATIONS_MAX = 1_000;

export function annotationIn(line: string): Annotation | null {
  const [, level, parameters = "", text = ""] =
    /^\s*::(error|warning|notice)(?:\s+([^]*?))?::([^]*)$/i.exec(line) ?? [];
  if (level === undefined) return null;
  const fields = new Map<string, string>();
  for (const part of parameters.split(",")) {
    const at = part.indexOf("=");
    if (at > 0) fields.set(part.slice(0, at).trim().toLowerCase(), unescaped(part.slice(at + 1), true));
  }
  const number = (name: string): number | null => {
    const value = Number(fields.get(name) ?? Number.NaN);
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  };
  return {
    level: level.toLowerCase() as Annotation["level"],
    message: unescaped(text, false),
    file: fields.get("file") ?? null,
    line: number("line"),
    endLine: number("endline"),
    col: number("col"),
    endColumn: number("endcolumn"),
    title: fields.get("title") ?? null,
  };
}

function unescaped(text: string, isParameter: boolean): string {
  const plain = text.replaceAll(/%0D/gi, "\r").replaceAll(/%0A/gi, "\n");
  const whole = isParameter ? plain.replaceAll(/%3A/gi, ":").replaceAll(/%2C/gi, ",") : plain;
  return whole.replaceAll("%25", "%");
}
