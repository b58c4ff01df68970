/**
 * A page on disk that leads a browser to a link. Arguments of processes can be read by everybody on the machine, so
 * the browser is given the name of this file (0600), and the code is inside.
 */
import { unlink, readdir, open } from "node:fs/promises";
import { join } from "node:path";
import { newId } from "./proofs.ts";

export type RedirectPlace = { readonly folder: string; readonly prefix: string };

/** A name that nobody has yet. */
export function newRedirectFile({ folder, prefix }: RedirectPlace): string {
  return join(folder, `${prefix}${newId()}.html`);
}

export async function writeRedirectFile(path: string, url: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(pageTo(url));
  } finally {
    await file.close();
  }
}

/** Those that a killed daemon left; their codes died with it. */
export async function removeOldRedirectFiles({ folder, prefix }: RedirectPlace): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (name.startsWith(prefix) && name.endsWith(".html")) await unlink(join(folder, name)).catch(() => undefined);
  }
}

/** The address is ours and holds letters, digits and `:/#._-` only. */
function pageTo(url: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="referrer" content="no-referrer" />
    <meta http-equiv="refresh" content="0;url=${url}" />
    <title>aither</title>
  </head>
  <body><a href="${url}">Open aither</a></body>
</html>
`;
}
