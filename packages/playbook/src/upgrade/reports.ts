import type { Json, PlaybookReport, Playbook } from "@aither/protocol";
import { type Fields, fieldsOf, isObject } from "../fields.ts";
import type { Path } from "../finding.ts";
import { notEnforced } from "./around.ts";
import { compact, keepRest, placed } from "./common.ts";

export type WantedReports = Pick<Playbook["orchestration"], "summary" | "reports">;
type Format = NonNullable<PlaybookReport["format"]>;

const formats: Readonly<Record<string, Format>> = {
  md: "md",
  markdown: "md",
  json: "json",
  junit: "junit",
  xml: "junit",
  html: "html",
};
const endings: Readonly<Record<Format, string>> = { md: "md", json: "json", junit: "xml", html: "html" };

/** What a v3 file says of reports: `summary: true`, and `reports`, each a path or a map of `path` and `format`. */
export function readReports(fields: Fields): WantedReports {
  const found = fields.raw("reports");
  const items = found === undefined ? [] : Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
  const reports = items.flatMap((item, index): PlaybookReport[] => {
    const at: Path = [...found!.path, index];
    if (typeof item === "string") return [placed({ path: item }, fields, at)];
    if (isObject(item)) {
      const inner = fieldsOf(item, at, fields.gathering);
      const path = inner.text("path");
      const format = inner.oneOf(["md", "json", "junit", "html"], "format");
      if (path !== undefined) return [keepRest(compact<PlaybookReport>({ path, format }), inner)];
    }
    const message = "a report is a path, or a map of `path` and `format`";
    fields.gathering.findings.push({ severity: "error", code: "wrong-type", message, fix: null, path: at });
    return [];
  });
  return { ...flagged(fields.flag("summary")), ...listed(reports) };
}

function flagged(summary: boolean | undefined): WantedReports {
  return summary === undefined ? {} : { summary };
}

function listed(reports: readonly PlaybookReport[]): WantedReports {
  return reports.length === 0 ? {} : { reports: [...reports] };
}

/** What two places say: either may ask for a summary, and both for reports. */
export function joinReports(...all: readonly WantedReports[]): WantedReports {
  const said = all.flatMap(({ summary }) => summary ?? []);
  return {
    ...(said.length > 0 && { summary: said.includes(true) }),
    ...listed(all.flatMap(({ reports = [] }) => reports)),
  };
}

/** Upstream's `Options`: `GenerateSummary`, `SummaryFormat`, `SummaryPath`. */
export function readSummaryOptions(options: Fields | undefined): WantedReports {
  if (options === undefined) return {};
  const summary = options.flag("generateSummary");
  const [word] = wordsIn(options, "summaryFormat");
  const path = options.text("summaryPath");
  if (summary !== true) return {};
  const format = word === undefined ? undefined : formats[word.toLowerCase()];
  if (path === undefined) return { summary };
  if (word !== undefined && format === undefined) unknown(options, [...options.path, "summaryFormat"]);
  return { summary, ...listed([placed(compact<PlaybookReport>({ path, format }), options)]) };
}

/** Upstream's `reporting`: formats and the folder they go to, or one file. `name` is the playbook's. */
export function readReporting(fields: Fields, name: string): WantedReports {
  const found = fields.raw("reporting");
  if (found === undefined) return {};
  if (!isObject(found.value)) {
    if (typeof found.value !== "boolean") notEnforced(fields, found.path, "it is neither true, false nor a map");
    return found.value === true ? { summary: true } : {};
  }
  const inner = fieldsOf(found.value, found.path, fields.gathering);
  const isOn = (inner.flag("enabled") ?? true) && (inner.flag("generateReport") ?? true);
  const summary = inner.flag("summary");
  const file = inner.text("reportPath");
  const folder = inner.text("outputPath", "publishPath", "publishTo");
  const words = wordsIn(inner, "formats", "format", "reportFormat");
  const known = words.flatMap((word) => formats[word.toLowerCase()] ?? []);
  if (known.length < words.length) unknown(inner, [...inner.path, "formats"]);
  keepRest({}, inner, "a report holds the same for everybody");
  if (!isOn) return {};
  const reports = pathsOf({ file, folder, known, name }).map((one) => placed(one, inner));
  const isMeant = reports.length > 0 || known.length > 0 || inner.has("generateReport", "enabled");
  return { ...flagged(summary ?? (isMeant ? true : undefined)), ...listed(reports) };
}

type Places = {
  readonly file: string | undefined;
  readonly folder: string | undefined;
  readonly known: readonly Format[];
  readonly name: string;
};

function pathsOf({ file, folder, known, name }: Places): PlaybookReport[] {
  if (file !== undefined) return [compact<PlaybookReport>({ path: file, format: known[0] })];
  if (folder === undefined) return [];
  const stem = `${folder.replace(/[/\\]+$/, "")}/${name.replaceAll(/[^\w.-]+/g, "-")}`;
  return [...new Set(known)].map((format) => ({ path: `${stem}.${endings[format]}`, format }));
}

/** A list of words, or one text of them. */
function wordsIn(fields: Fields, ...names: string[]): string[] {
  return (fields.textsIfAny(...names) ?? []).flatMap((text) => text.split(",")).flatMap((word) => word.trim() || []);
}

function unknown(fields: Fields, path: Path): void {
  notEnforced(fields, path, "reports are Markdown, JSON, JUnit's XML or HTML");
}
