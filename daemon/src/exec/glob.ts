/** Globs as artifacts use them: `*`, `?`, `[a-z]`, `{a,b}` within a name, `**` over folders. Paths have `/`. */

const special = /[*?[\]{}]/;

/** The leading folders (or the whole path) that hold no special character. */
export function literalPrefix(pattern: string): string {
  const parts = pattern.split("/");
  const first = parts.findIndex((part) => special.test(part));
  return (first < 0 ? parts : parts.slice(0, first)).join("/");
}

/** Whether a path fits; a glob that fits a folder fits all in it. */
export function matcherOf(pattern: string): (path: string) => boolean {
  const plain = pattern
    .trim()
    .replace(/^(\.\/)+/, "")
    .replace(/\/$/, "");
  const expression = new RegExp(`^${expressionOf(plain)}(?:/.*)?$`, "s");
  return (path) => expression.test(path);
}

function expressionOf(pattern: string): string {
  let text = "";
  for (let at = 0; at < pattern.length; at += 1) {
    const rest = pattern.slice(at);
    const character = pattern[at]!;
    if (rest.startsWith("**/")) {
      text += "(?:[^/]+/)*";
      at += 2;
    } else if (rest.startsWith("**")) {
      text += ".*";
      at += 1;
    } else if (character === "*") text += "[^/]*";
    else if (character === "?") text += "[^/]";
    else if (character === "[" && /^\[[^\]/]+\]/.test(rest)) {
      const [inner] = /^\[[^\]/]+\]/.exec(rest)!;
      text += inner.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
      at += inner.length - 1;
    } else if (character === "{" && /^\{[^{}]*\}/.test(rest)) {
      const [inner] = /^\{[^{}]*\}/.exec(rest)!;
      text += `(?:${inner.slice(1, -1).split(",").map(expressionOf).join("|")})`;
      at += inner.length - 1;
    } else text += character.replace(/[\\^$.*+?()[\]{}|]/, "\\$&");
  }
  return text;
}
