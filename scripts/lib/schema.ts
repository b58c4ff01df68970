import type { RouteName } from "@aither/protocol";

/** A JSON Schema, as far as the printers look into it. */
export type Schema = {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly default?: unknown;
  readonly minimum?: number;
};

/** One call of the API with its schemas. */
export type Call = {
  readonly name: RouteName;
  readonly method: string;
  readonly path: string;
  readonly role: string;
  readonly summary: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly body?: Schema;
  readonly reply?: Schema;
  readonly status: number;
  readonly produces?: string;
};
