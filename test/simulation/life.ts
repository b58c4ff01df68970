/** One life of the daemon. Once it is over, nothing it waits for comes and nothing it said counts. */
export type Life = { readonly number: number; over: boolean };
