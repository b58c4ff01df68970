import type { ParseOptions } from "./parse.ts";

/** Longer texts are hardly written twice. */
const TEXT_LENGTH_MAX = 500;
const TEXTS_MAX = 1_000;

/**
 * What was parsed, kept for the next time: a playbook writes the same few templates and conditions in each of its
 * thousands of steps. Trees are never changed, and depend on the text and on what the parser may accept alone.
 */
export function rememberParsed<T>(parse: (text: string, options: ParseOptions) => T) {
  const known = new Map<string, Map<string, T>>();
  let last: { readonly options: ParseOptions; readonly texts: Map<string, T> } | null = null;
  const textsOf = (options: ParseOptions): Map<string, T> => {
    if (last !== null && accepts(last.options, options)) return last.texts;
    const accepted = `${[...options.contexts].join()};${[...options.functions].join()}`;
    let texts = known.get(accepted);
    if (texts === undefined) {
      if (known.size >= ACCEPTED_MAX) known.clear();
      texts = new Map();
      known.set(accepted, texts);
    }
    last = { options, texts };
    return texts;
  };
  return (text: string, options: ParseOptions): T => {
    if (text.length > TEXT_LENGTH_MAX) return parse(text, options);
    const texts = textsOf(options);
    let parsed = texts.get(text);
    if (parsed === undefined) {
      parsed = parse(text, options);
      if (texts.size >= TEXTS_MAX) texts.clear();
      texts.set(text, parsed);
    }
    return parsed;
  };
}

/** Whether both accept the same. Names come in the order of the same code, so they are the same one by one. */
function accepts(one: ParseOptions, other: ParseOptions): boolean {
  return one === other || (sameNames(one.contexts, other.contexts) && sameNames(one.functions, other.functions));
}

function sameNames(some: Iterable<string>, others: Iterable<string>): boolean {
  if (!Array.isArray(some) || !Array.isArray(others) || some.length !== others.length) return false;
  for (let index = 0; index < some.length; index += 1) if (some[index] !== others[index]) return false;
  return true;
}

/** A run, a plan and a status function each accept something else; there are no more than a few. */
const ACCEPTED_MAX = 20;
