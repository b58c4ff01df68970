/**
 * How the Node that runs `aitherd` is called by whoever starts one.
 *
 * Young objects get 8 MiB and not 16 before they are looked through: reading a thousand jobs at a start-up makes garbage
 * quickly, and Node never gives back the room that it once took for it (14 MB of 128 with 5,000 live scripts; no more
 * CPU time).
 */
export const daemonNodeOptions: readonly string[] = ["--max-semi-space-size=8"];
