import type { Json, PlaybookCheck } from "@aither/protocol";
import { type Fields, fieldsOf, isObject } from "../fields.ts";
import { reportRest } from "./criteria.ts";
import { compact, modernTemplates, notAMap, placed } from "./common.ts";

type Checks = {
  readonly preConditions?: PlaybookCheck[];
  readonly postConditions?: PlaybookCheck[];
};

const metrics = "a script tells by its exit code whether it is content; nothing here knows these numbers";

/** `preConditions` and `postConditions`, of their own or in upstream's `validation`. */
export function readChecks(...places: readonly Fields[]): Checks {
  const all = places.flatMap((place) => {
    const found = place.raw("validation");
    if (!found || !isObject(found.value)) return [place];
    return [place, fieldsOf(found.value, found.path, place.gathering)];
  });
  const pre = all.flatMap((fields) => readList(fields, "preConditions"));
  const post = all.flatMap((fields) => readList(fields, "postConditions"));
  for (const fields of all) if (!places.includes(fields)) reportRest(fields, metrics);
  return { ...(pre.length > 0 && { preConditions: pre }), ...(post.length > 0 && { postConditions: post }) };
}

function readList(fields: Fields, name: string): PlaybookCheck[] {
  const found = fields.raw(name);
  if (!found) return [];
  const items = Array.isArray(found.value) ? (found.value as Json[]) : [found.value];
  return items.flatMap((item, index): PlaybookCheck[] => {
    const path = Array.isArray(found.value) ? [...found.path, index] : found.path;
    if (typeof item === "string") return [placed({ condition: item }, fields, path)];
    if (!isObject(item)) {
      fields.gathering.findings.push(notAMap(path));
      return [];
    }
    const inner = fieldsOf(item, path, fields.gathering);
    const condition = inner.text("condition", "if");
    const check = { name: inner.text("name"), message: modernTemplates(inner.text("message", "errorMessage")) };
    inner.ignore("description");
    reportRest(inner, "this key has no meaning here");
    if (condition !== undefined) return [placed(compact<PlaybookCheck>({ ...check, condition }), inner)];
    const message = "a condition is missing";
    fields.gathering.findings.push({
      severity: "error",
      code: "wrong-type",
      message,
      fix: "give it `condition`",
      path,
    });
    return [];
  });
}
