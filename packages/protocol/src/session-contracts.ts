import { Type, type Static } from "typebox";

const apiVersion = Type.Literal("aither/v1");

export const RoleSchema = Type.Union([Type.Literal("viewer"), Type.Literal("operator"), Type.Literal("admin")]);

/** Somebody who may come in by the loopback door: a browser, or a program with a token. Never holds what proves it. */
export const SessionView = Type.Object({
  id: Type.String(),
  kind: Type.Union([Type.Literal("browser"), Type.Literal("token")]),
  role: RoleSchema,
  createdAt: Type.String(),
  lastUsedAt: Type.String(),
  expiresAt: Type.String(),
  current: Type.Boolean({ description: "It is the one that asks." }),
});
export type SessionView = Static<typeof SessionView>;

const SESSION_SECONDS_MAX = 30 * 86_400;

const InviteSession = Type.Object(
  {
    kind: Type.Union([Type.Literal("link"), Type.Literal("token")], {
      description: "A link that a browser opens within a minute, once; or a token for a program.",
    }),
    role: Type.Optional(RoleSchema),
    expiresMs: Type.Optional(
      Type.Number({
        minimum: 1_000,
        maximum: SESSION_SECONDS_MAX * 1_000,
        description: "How long the session lasts; default: twelve hours.",
      }),
    ),
  },
  { additionalProperties: false },
);

/** The calls about sessions; a part of `contracts`. */
export const sessionContracts = {
  inviteSession: {
    summary: "Open the loopback door and make a link for a browser, or a token for a program",
    body: InviteSession,
    reply: Type.Object({
      apiVersion,
      kind: Type.Union([Type.Literal("link"), Type.Literal("token")]),
      role: RoleSchema,
      url: Type.String({ description: "Of a link, with its code behind `#`; of a token, what to use as AITHER_HOST." }),
      token: Type.Optional(Type.String({ description: "To be sent as `Authorization: Bearer`. Told this once." })),
      redirectFile: Type.Optional(
        Type.String({
          description: "A file (0600) that leads a browser to the link, so that no argument list holds it.",
        }),
      ),
      validUntil: Type.String({ description: "Of a link, until when it must be used; of a token, its end." }),
    }),
    status: 201,
  },
  listSessions: {
    summary: "Who may come in by the loopback door",
    reply: Type.Object({ apiVersion, sessions: Type.Array(SessionView) }),
    status: 200,
  },
  revokeSession: {
    summary: "End a session, and every connection it has",
    params: Type.Object({ id: Type.String({ minLength: 1 }) }),
    reply: Type.Object({ apiVersion, revoked: Type.Array(Type.String()) }),
    status: 200,
  },
  revokeSessions: {
    summary: "End all sessions, close the loopback door and forget its port",
    reply: Type.Object({ apiVersion, revoked: Type.Array(Type.String()) }),
    status: 200,
  },
  openSession: {
    summary: "Exchange the code of a link for a session: a cookie, and the key that every request must show with it",
    body: Type.Object(
      {
        code: Type.String({ minLength: 1, maxLength: 200 }),
        role: Type.Optional(RoleSchema),
      },
      { additionalProperties: false },
    ),
    reply: Type.Object({
      apiVersion,
      id: Type.String(),
      role: RoleSchema,
      key: Type.String({ description: "To be sent as `X-Aither-Key`; of a WebSocket, as sub-protocol `key.<key>`." }),
      expiresAt: Type.String(),
    }),
    status: 201,
  },
  showSession: {
    summary: "Who asks: the door, the role, and the session where there is one",
    reply: Type.Object({
      apiVersion,
      door: Type.Union([Type.Literal("socket"), Type.Literal("tcp")]),
      role: RoleSchema,
      session: Type.Union([SessionView, Type.Null()]),
    }),
    status: 200,
  },
  closeSession: {
    summary: "End the session that asks",
    reply: Type.Object({ apiVersion, revoked: Type.Array(Type.String()) }),
    status: 200,
  },
} as const;
