/** One document, for machines and for eyes. */
export function document(value: object): string {
  return `${JSON.stringify({ apiVersion: "aither/v1", ...value }, null, 2)}\n`;
}
