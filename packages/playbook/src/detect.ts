import type { Json, Playbook, PlaybookFormat } from "@aither/protocol";
import { type Fields, isObject } from "./fields.ts";
import {
  entrySequence,
  isLoneStage,
  plainSequence,
  readOld,
  readV2,
  sequenceList,
  stageList,
  stageMap,
} from "./upgrade/old.ts";
import type { NamedStage } from "./upgrade/common.ts";
import { readV3 } from "./upgrade/v3.ts";

export type Detected = {
  readonly format: PlaybookFormat;
  readonly upgrade: (fallbackName: string) => Playbook;
};

/** Which family a file belongs to; null when it holds nothing that could run. */
export function detect(fields: Fields, syntax: "json" | "yaml" | "psd1"): Detected | null {
  const orchestration = fields.raw("orchestration")?.value;
  if (isObject(orchestration)) {
    const keys = new Map(Object.entries(orchestration).map(([key, value]) => [key.toLowerCase(), value]));
    if (!keys.has("jobs") && (isOldMap(keys.get("stages")) || isLoneStage(keys.get("stages")))) {
      return { format: "v2-stages", upgrade: (name) => readV2(fields, name) };
    }
    if (isObject(keys.get("jobs")) || isObject(keys.get("stages"))) {
      return { format: "v3-jobs", upgrade: (name) => readV3(fields, name) };
    }
    if (keys.has("stages")) return { format: "v2-stages", upgrade: (name) => readV2(fields, name) };
    if (keys.has("jobs")) return { format: "v3-jobs", upgrade: (name) => readV3(fields, name) };
  }
  return detectOld(fields, syntax === "psd1");
}

/** A map of stages in the words of a list of them: with selectors, and without steps. */
function isOldMap(stages: Json | undefined): boolean {
  if (!isObject(stages)) return false;
  const keys = Object.values(stages).flatMap((stage) => (isObject(stage) ? Object.keys(stage) : []));
  const words = new Set(keys.map((key) => key.toLowerCase()));
  return (words.has("sequence") || words.has("sequences")) && !words.has("steps");
}

function detectOld(fields: Fields, psd1: boolean): Detected | null {
  const old = (format: PlaybookFormat, list: (fields: Fields) => readonly NamedStage[]): Detected => ({
    format,
    upgrade: (name) => readOld(fields, name, list(fields)),
  });
  const stages = fields.raw("stages")?.value;
  if (isObject(stages) && !isLoneStage(stages)) return old("json-stage-map", stageMap);
  // An empty list of stages beside scripts is a template that was not filled in.
  const isBare = isEmpty(stages) && fields.has("sequence", "scripts", "sequences");
  if (stages !== undefined && !isBare) return old(psd1 ? "psd1-stages" : "v1-stages", stageList);
  const sequence = fields.raw("sequence")?.value;
  if (sequence !== undefined) {
    const entries = Array.isArray(sequence) ? sequence.some(isObject) : isObject(sequence);
    if (!entries) return old(psd1 ? "psd1-sequence" : "v1-sequence", plainSequence);
    return old(psd1 ? "psd1-sequence" : "v1-sequence-objects", (inner) => entrySequence(inner, "sequence"));
  }
  const scripts = fields.raw("scripts")?.value;
  if (Array.isArray(scripts) || isLoneStage(scripts) || typeof scripts === "string" || typeof scripts === "number") {
    const entries = isObject(scripts) || (Array.isArray(scripts) && scripts.some(isObject));
    const list = (inner: Fields): readonly NamedStage[] =>
      entries ? entrySequence(inner, "scripts") : plainSequence(inner);
    return old(psd1 ? "psd1-scripts" : "v1-sequence", list);
  }
  const sequences = fields.raw("sequences")?.value;
  const isList = Array.isArray(sequences);
  if (isList && !sequences.some(isObject)) return old("v1-sequence", plainSequence);
  return isList || isLoneStage(sequences) ? old("json-other", sequenceList) : null;
}

function isEmpty(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}
