import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** The top folder of this repository. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
