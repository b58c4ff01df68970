/** What a playbook may call a script or a stage where it speaks of one elsewhere. */
export type Nameable = {
  readonly id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly number?: string | null | undefined;
  readonly path?: string | null | undefined;
  readonly uses?: string | undefined;
};

/** Whether one of these names means it: a number (`402`), a name, a file with or without ending, an id; case is ignored. */
export function isNamed(thing: Nameable, names: readonly string[]): boolean {
  if (names.length === 0) return false;
  const file = thing.path?.split(/[\\/]/).at(-1);
  const own = [
    thing.id,
    thing.name,
    thing.number,
    file,
    file?.replace(/\.\w+$/, ""),
    thing.uses,
    thing.uses?.replace(/^playbook:/i, ""),
  ].flatMap((word) => (typeof word === "string" && word !== "" ? [word.toLowerCase()] : []));
  return names.some((name) => {
    const word = name.trim().toLowerCase();
    return (
      own.includes(word) ||
      own.includes(word.replace(/\.(ps1|psm1|sh|py|m?js|ts|cmd|bat|exe)$/, "")) ||
      (/^\d{1,3}$/.test(word) && own.includes(word.padStart(4, "0")))
    );
  });
}
