/** What each version promises is in docs/adr/0010-one-version-for-all-packages.md. */
export const EVENT_VERSION = 1;
/** The API: a client refuses a daemon whose range does not hold its own number. */
export const PROTOCOL = { min: 1, max: 1 } as const;
/** `format.json` of the state folder: a daemon refuses a newer one and never rewrites it. */
export const STORE_VERSION = 1;
export const API_VERSION = "aither/v1";
export const VERSION = "0.1.0";
