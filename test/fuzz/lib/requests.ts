/** Requests by the contracts: one generator for every route there is, so that a new one is asked, too. */
import fc from "fast-check";
import { contracts } from "@aither/protocol/contracts";
import { routes, type RouteName } from "@aither/protocol";
import { hostileText, valueOf, type Schema, type TextOf } from "./schema.ts";
import { sentences } from "./text.ts";

export type Asked = {
  readonly route: RouteName | null;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

/** A daemon that was told to stop answers nobody: that is its own test. */
const left: ReadonlySet<string> = new Set<RouteName>(["stopDaemon"]);

const playbookText = (script: string): string =>
  JSON.stringify({
    apiVersion: "aither/v1",
    metadata: { name: "fuzzed" },
    orchestration: { jobs: { a: { steps: [{ shell: "sh", script }] } } },
  });

/** What a field may hold that somebody would send: nothing that runs anything but `true`. */
export const textOf: TextOf = (field) => {
  switch (field) {
    case "id":
    case "job":
      return fc.oneof(
        fc.constantFrom(
          "1",
          "2",
          "3",
          "latest",
          "@",
          "@2",
          "@failed",
          "fuzz",
          "gate",
          "0",
          "99999",
          "-1",
          "0x1",
          "1.5",
          "1e1",
        ),
        hostileText,
      );
    case "playbook":
      return fc.oneof(
        fc.constantFrom("fuzz", "gate", "nobody", "playbooks/fuzz.json", "../playbooks/fuzz.json", "/etc/passwd", "."),
        hostileText,
      );
    case "text":
      return fc.oneof(
        fc.constantFrom(
          playbookText("true"),
          playbookText("exit 3"),
          "{",
          "@{",
          "a: [",
          "",
          "\0",
          '{"orchestration":{"jobs":{}}}',
        ),
        hostileText,
      );
    case "selector":
    case "expression":
      return fc.oneof(fc.constantFrom("0402", "0400-0499", "tag:x", "!", "*"), hostileText);
    case "workspace":
      return fc.oneof(
        fc.constantFrom(".", "relative", "/", "/nowhere", "/etc", "/proc/self", "/dev/null"),
        fc.constantFrom("", "\0", "//", "x".repeat(5_000)),
      );
    case "cursor":
      return fc.oneof(fc.constantFrom("a/inline#1:0", "a/inline#1:5,b#2:0", "x", "#1:0", ":"), hostileText);
    case "subject":
    case "script":
    case "target":
      return fc.oneof(fc.constantFrom("a", "a/inline", "fuzz", "0402"), hostileText);
    case "since":
    case "at":
    case "after":
      return fc.oneof(
        fc.constantFrom(
          "2026-01-01T00:00:00Z",
          "9999-12-31T23:59:59Z",
          "9999-12-31T23:59:59-12:00",
          "0000-01-01T00:00:00Z",
          "1",
          "now",
        ),
        hostileText,
      );
    case "q":
      return fc.oneof(fc.constantFrom("a", "said", "(", "(a+)+$", "^.*$", "[", "\\"), hostileText);
    case "env":
    case "secrets":
      return fc.oneof(fc.constantFrom("x", "/usr/bin:/bin", "secret value"), hostileText);
    default:
      return hostileText;
  }
};

const odd = fc.constantFrom<Readonly<Record<string, string>>>(
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  { "idempotency-key": "k1" },
  { "idempotency-key": "x".repeat(300) },
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=latin1" },
  { "content-type": "multipart/form-data" },
  { origin: "http://evil.example" },
  { host: "evil.example" },
  { accept: "nothing/at-all" },
  { "transfer-encoding": "gzip" },
  { "content-encoding": "gzip" },
  { expect: "100-continue" },
  { upgrade: "h2c", connection: "upgrade" },
  { range: "bytes=0-" },
  { authorization: "Bearer x" },
  { "if-none-match": "*" },
  { "aither-protocol": "99" },
  { "x-http-method-override": "DELETE" },
);

type Parts = { readonly params?: Schema; readonly query?: Schema; readonly body?: Schema };

function requestOf(name: RouteName): fc.Arbitrary<Asked> {
  const { params, query, body } = contracts[name] as unknown as Parts;
  const { method, path } = routes[name];
  const parts = fc.record({
    params: params ? valueOf(params, textOf) : fc.constant({}),
    query: query ? valueOf(query, textOf, 8) : fc.constant({}),
    body: body ? valueOf(body, textOf, 6) : fc.constant(undefined),
    headers: odd,
    spelled: fc.constantFrom("json", "json", "json", "json", "json", "cut", "none", "text"),
  });
  return parts.map(({ params: named, query: asked, body: document, headers, spelled }) => ({
    route: name,
    method,
    path:
      path.replace(/:([a-z]+)/gi, (_, key: string) => encoded((named as Record<string, unknown>)[key])) +
      queryText(asked),
    headers,
    body: document === undefined && spelled !== "text" ? undefined : spelledAs(spelled, document),
  }));
}

function encoded(value: unknown): string {
  const text = typeof value === "string" && value !== "" ? value : "x";
  return encodeURIComponent(text.replaceAll(/\p{Surrogate}/gu, "x"));
}

function queryText(query: unknown): string {
  if (typeof query !== "object" || query === null) return "?%zz=1";
  const pairs = Object.entries(query).map(
    ([name, value]) => `${encoded(name)}=${encoded(typeof value === "object" ? JSON.stringify(value) : String(value))}`,
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function spelledAs(how: string, document: unknown): string | undefined {
  const text = JSON.stringify(document) ?? "null";
  if (how === "none") return undefined;
  if (how === "cut") return text.slice(0, Math.floor(text.length / 2));
  return how === "text" ? "not json at all" : text;
}

const strayed: fc.Arbitrary<Asked> = fc
  .record({
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"),
    path: sentences([
      "/api",
      "/jobs",
      "/",
      "..",
      "%2e%2e",
      "%2F",
      "%00",
      "%",
      "?",
      "#",
      "a",
      "1",
      "/events",
      "/logs",
      "/artifacts/",
      "/openapi.json",
      "//",
      ";",
      "&",
      "=",
      "/orchestrate",
    ]),
    headers: odd,
    body: fc.constantFrom(
      undefined,
      "{}",
      "[]",
      "null",
      "{",
      '{"__proto__":{}}',
      `${"[".repeat(5_000)}${"]".repeat(5_000)}`,
    ),
  })
  .map(({ path, ...rest }) => ({
    route: null,
    ...rest,
    path: `/${encodeURI(path.replaceAll(/\p{Surrogate}/gu, "")).slice(0, 4_000)}`,
  }));

const names = (Object.keys(routes) as RouteName[]).filter((name) => !left.has(name));

/** A request to some route, or to none. */
export const requests: fc.Arbitrary<Asked> = fc.oneof(
  ...names.map((name) => ({ weight: 3, arbitrary: requestOf(name) })),
  { weight: 12, arbitrary: strayed },
);

/** Bytes that are nearly HTTP. */
export const rawRequests: fc.Arbitrary<Buffer> = fc.oneof(
  sentences([
    "GET ",
    "POST ",
    "/api/jobs",
    "/",
    " HTTP/1.1",
    " HTTP/9.9",
    " HTTP/1.0",
    "\r\n",
    "\n",
    "\r\n\r\n",
    "host: localhost",
    "Host : x",
    "content-length: 5",
    "content-length: -1",
    "content-length: 99999999999999999999",
    "transfer-encoding: chunked",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "zz\r\n",
    "connection: keep-alive",
    ": x",
    "\0",
    "{}",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ]).map((text) => Buffer.from(text, "latin1")),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

/** What comes behind a WebSocket's handshake: frames that are whole, wrong, cut, too long, or none at all. */
export const rawFrames: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .record({
      first: fc.nat(255),
      second: fc.nat(255),
      extended: fc.uint8Array({ maxLength: 8 }),
      mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
      payload: fc.uint8Array({ maxLength: 200 }),
    })
    .map(({ first, second, extended, mask, payload }) =>
      Buffer.concat([Buffer.from([first, second]), extended, mask, payload]),
    ),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(5_000, 70_000).map((length) => {
    const head = Buffer.alloc(14);
    head.set([0x81, 0xff]);
    head.writeBigUInt64BE(BigInt(length), 2);
    return Buffer.concat([head, Buffer.alloc(length)]);
  }),
);
