/** What a letter behind a backtick stands for between PowerShell's double quotes; any other one stands for itself. */
export const powerShellEscapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  e: "\u001B",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
