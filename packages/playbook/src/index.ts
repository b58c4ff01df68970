export { type Finding, type Path, pathText, type Place } from "./finding.ts";
export { walkJson, type JsonWalk } from "./json-places.ts";
export { pointAt } from "./point.ts";
export { parsePsd1, type Psd1Places, type Psd1Result } from "./psd1.ts";
export { PLAYBOOK_BYTES_MAX, type ReadPlaybook, readPlaybook, type Source } from "./read.ts";
export { HEADER_BYTES, readScriptHeader, type ScriptHeader } from "./script-header.ts";
export { type Paint, printDiagnostic } from "./print.ts";
export { writePlaybook } from "./write.ts";
