/** The formats of reports, by name. */
import type { ReportFormat } from "@aither/protocol";
import { conclusion } from "./conclusion.ts";
import { html } from "./html/page.ts";
import { junit } from "./junit.ts";
import { markdown } from "./markdown.ts";
import type { Report } from "./report.ts";

type Format = {
  readonly contentType: string;
  readonly ending: string;
  readonly write: (report: Report) => AsyncIterable<string>;
};

export const formats: Readonly<Record<ReportFormat, Format>> = {
  md: { contentType: "text/markdown; charset=utf-8", ending: "md", write: markdown },
  json: { contentType: "application/json", ending: "json", write: conclusion },
  junit: { contentType: "application/xml; charset=utf-8", ending: "xml", write: junit },
  html: { contentType: "text/html; charset=utf-8", ending: "html", write: html },
};

export async function textOf(parts: AsyncIterable<string>): Promise<string> {
  const all: string[] = [];
  for await (const part of parts) all.push(part);
  return all.join("");
}
