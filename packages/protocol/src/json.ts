import { Type } from "typebox";

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The schema accepts everything; the static type says it is JSON. */
export const Json = Type.Unsafe<Json>({});
export const JsonRecord = Type.Record(Type.String(), Json);
