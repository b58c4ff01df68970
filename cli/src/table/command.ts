/** What a row of the table of commands says. */
export type Flag = {
  readonly type: "boolean" | "string";
  readonly short?: string;
  readonly multiple?: true;
  /** What to call its value in help. */
  readonly value?: string;
  readonly about: string;
};

export type Command = {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** `<needed>`, `[maybe]`, `[many...]`. */
  readonly args?: string;
  readonly about: string;
  readonly flags?: Readonly<Record<string, Flag>>;
  /** Aliases that also set flags: `f` = `jobs logs --follow`. */
  readonly presets?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
  readonly examples?: readonly string[];
};
