import type { Json } from "@aither/protocol";
import { type Fields, fieldsOf, flagOf, isObject, textOf } from "../fields.ts";
import type { Path } from "../finding.ts";
import { notEnforced } from "./around.ts";
import { reportRest } from "./criteria.ts";

/** One thing that is required, in the words of the model; `version` is the least that will do, as it was written. */
type Thing = { readonly name: string; readonly version: string | undefined; readonly path: Path };

/** Names of what is required: texts, maps with a `name`, or a map of names. What is none of these is listed. */
export function readThings(fields: Fields, ...keys: string[]): string[] | undefined {
  return readAll(fields, keys, ({ name, version, path }) => {
    if (version !== undefined) notEnforced(fields, path, "whether it is there is looked at, and no more");
    return name;
  });
}

/** Programs, each with its least version where one is said: `git>=2.30`. */
export function readTools(fields: Fields, ...keys: string[]): string[] | undefined {
  return readAll(fields, keys, ({ name, version, path }) => {
    const least = version === undefined ? undefined : /^\s*(?:>=)?\s*v?(\d+(?:\.\d+)*)\s*\+?\s*$/.exec(version)?.[1];
    if (least !== undefined) return `${name}>=${least}`;
    if (version !== undefined && !/^\s*(\*|any|latest)?\s*$/i.test(version)) {
      notEnforced(fields, path, `\`${version}\` is no least version such as 2.30`);
    }
    return name;
  });
}

function readAll(fields: Fields, keys: readonly string[], word: (thing: Thing) => string): string[] | undefined {
  const found = keys.flatMap((key) => fields.raw(key) ?? []);
  const things = found.flatMap(({ value, path }): Thing[] => {
    if (Array.isArray(value)) {
      return (value as Json[]).flatMap((item, index) => thingOf(fields, item, [...path, index]) ?? []);
    }
    // In a map of names each key is one, but `name` is none.
    if (!isObject(value) || isThing(value, ["name"])) return [thingOf(fields, value, path) ?? []].flat();
    return Object.entries(value).flatMap(
      ([name, item]) => namedThing(fields, { name, item, path: [...path, name] }) ?? [],
    );
  });
  return found.length === 0 ? undefined : things.map(word);
}

const nameKeys = ["name", "tool", "command", "program", "variable", "script", "number", "platform"] as const;

function isThing(value: { readonly [key: string]: Json }, keys: readonly string[]): boolean {
  const own = new Set(Object.keys(value).map((key) => key.toLowerCase()));
  return keys.some((key) => own.has(key));
}

function thingOf(fields: Fields, item: Json, path: Path): Thing | undefined {
  const text = textOf(item);
  if (text !== undefined) return { name: text, version: undefined, path };
  if (!isObject(item) || !isThing(item, nameKeys)) {
    notEnforced(fields, path, "it has no name");
    return undefined;
  }
  const inner = fieldsOf(item, path, fields.gathering);
  const name = inner.text(...nameKeys);
  return name === undefined ? undefined : settled(inner, name);
}

/** `{git: "2.30"}`, `{git: true}`, `{git: {minimumVersion: "2.30"}}` */
function namedThing(
  fields: Fields,
  { name, item, path }: { readonly name: string; readonly item: Json; readonly path: Path },
): Thing | undefined {
  if (isObject(item)) return settled(fieldsOf(item, path, fields.gathering), name);
  const isWanted = flagOf(item ?? true);
  if (isWanted !== undefined) return isWanted ? { name, version: undefined, path } : undefined;
  return { name, version: textOf(item), path };
}

function settled(fields: Fields, name: string): Thing | undefined {
  const version = fields.text("minimumVersion", "minVersion", "version", "requiredVersion");
  const isOptional = fields.flag("required") === false || fields.flag("optional") === true;
  fields.ignore("description", "purpose", "reason", "url", "install", "hint");
  reportRest(fields, "this key has no meaning here");
  if (!isOptional) return { name, version, path: fields.path };
  notEnforced(fields, fields.path, "what is optional keeps nothing from starting");
  return undefined;
}
