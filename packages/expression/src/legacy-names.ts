import { powerShellEscapes } from "./powershell-escapes.ts";
import { cut, type Piece } from "./cut.ts";
import type { Node } from "./tree.ts";

/** What PowerShell or upstream's engine sets during a run, and no playbook. */
const machineNames =
  /^(PSVersionTable|PSScriptRoot|results?|jobs|stages|summary|context|error|LASTEXITCODE|Host|PWD|HOME|\?|_)(\.|$)/i;

/** What PowerShell sets, where a playbook has no variable of that name. */
const automaticNames =
  /^(args|input|PSBoundParameters|MyInvocation|PSCmdlet|PSCommandPath|PSItem|matches|PID|PSHOME|PSEdition|IsCoreCLR|PSCulture|ExecutionContext)(\.|$)/i;

export function outside(text: string): Node {
  return { is: "unknown", reason: `\`${text.trim()}\` cannot be evaluated here` };
}

/** The tree of `$name`, without the `$`. */
export function dollarNode(text: string): Node {
  const lower = text.toLowerCase();
  if (lower === "true" || lower === "false") return { is: "literal", value: lower === "true" };
  if (lower === "null") return { is: "literal", value: null };
  if (lower.startsWith("env:") && !text.includes(".")) return { is: "environment", name: text.slice(4) };
  if (lower === "iswindows") return { is: "platform", platforms: ["win32"] };
  if (lower === "islinux") return { is: "platform", platforms: ["linux"] };
  if (lower === "ismacos") return { is: "platform", platforms: ["darwin"] };
  if (machineNames.test(text) || text.includes(":")) return outside(`$${text}`);
  const fallback = automaticNames.test(text) ? outside(`$${text}`) : null;
  return { is: "variable", path: text, fallback };
}

/** `` `n ``, `""`, `${name}`, `$name`, `$(name)`, `$($env:NAME)`, and a `$(` that is none of these. */
const inQuotes =
  /`([\s\S])|""|\$\{([^{}`]+)\}|\$([A-Za-z_]\w*(?::\w+)?)|\$\(\s*\$?([A-Za-z_]\w*(?::\w+)?(?:\.\w+)*)\s*\)|\$\(/g;

/** The tree of what stands between double quotes: templates and variables are filled in, escapes resolved. */
export function quotedNode(text: string, templateNode: (piece: Piece) => Node): Node {
  const of = cut(text).flatMap((piece) => (piece.is === "text" ? plainNodes(piece.text) : [templateNode(piece)]));
  if (of.length === 0) return { is: "literal", value: "" };
  return of.length === 1 && of[0]!.is === "literal" ? of[0]! : { is: "join", of };
}

function plainNodes(text: string): Node[] {
  const nodes: Node[] = [];
  let plain = "";
  let from = 0;
  const add = (node: Node): void => {
    if (plain !== "") nodes.push({ is: "literal", value: plain });
    plain = "";
    nodes.push(node);
  };
  for (const found of text.matchAll(inQuotes)) {
    plain += text.slice(from, found.index);
    from = found.index + found[0].length;
    const [whole, escaped, braced, bare, inner] = found;
    const name = braced ?? bare ?? inner;
    if (escaped !== undefined) plain += powerShellEscapes[escaped] ?? escaped;
    else if (whole === '""') plain += '"';
    else if (name === undefined) add(outside(text));
    else add({ is: "spelled", of: dollarNode(name) });
  }
  plain += text.slice(from);
  if (plain !== "") nodes.push({ is: "literal", value: plain });
  return nodes;
}
