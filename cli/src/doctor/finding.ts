/** What doctor has to say about one thing. */
export type Finding = {
  readonly name: string;
  /** `bad`: something does not work. `warn`: it works, and may surprise. */
  readonly state: "good" | "warn" | "bad";
  readonly says: string;
  /** What to do about it; null when there is nothing to do. */
  readonly mend: string | null;
};

export function good(name: string, says: string): Finding {
  return { name, state: "good", says, mend: null };
}

export function warn(name: string, says: string, mend: string): Finding {
  return { name, state: "warn", says, mend };
}

export function bad(name: string, says: string, mend: string): Finding {
  return { name, state: "bad", says, mend };
}

/** A check that cannot look is no reason not to look at the rest. */
export async function looked(name: string, check: () => Promise<Finding[]> | Finding[]): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [warn(name, `could not be looked at: ${(error as Error).message}`, "see whether you may read it")];
  }
}
