import { createInterface } from "node:readline/promises";

/** Asks a person, on stderr. Everything but a yes is a no. */
export async function confirm(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new Promise<string>((resolve) => asking.once("close", () => resolve("")));
  try {
    return /^y(es)?$/i.test((await Promise.race([asking.question(`${question} [y/N] `), closed])).trim());
  } finally {
    asking.close();
  }
}
