/**
 * What a caller may do: look; steer jobs and run saved playbooks; everything. Each may what the one before it may.
 * Imports nothing: the CLI's hot path takes it as values.
 */
export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

/** One call. A route without a role does not compile: nobody can forget to say who may use it. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  /** The least role that may; `anyone` is for those who come to get one. */
  readonly role: Role | "anyone";
  /** It gives what scripts wrote, which a setting keeps from viewers. */
  readonly shows?: "output";
};

/** Name → method, path and role of every call. */
export const routes = {
  startJob: { method: "POST", path: "/api/orchestrate", role: "operator" },
  listJobs: { method: "GET", path: "/api/jobs", role: "viewer" },
  pruneJobs: { method: "POST", path: "/api/jobs/prune", role: "admin" },
  showJob: { method: "GET", path: "/api/jobs/:id", role: "viewer" },
  removeJob: { method: "DELETE", path: "/api/jobs/:id", role: "admin" },
  waitJob: { method: "GET", path: "/api/jobs/:id/wait", role: "viewer" },
  jobEvents: { method: "GET", path: "/api/jobs/:id/events", role: "viewer" },
  jobLogs: { method: "GET", path: "/api/jobs/:id/logs", role: "viewer", shows: "output" },
  reportJob: { method: "GET", path: "/api/jobs/:id/report", role: "viewer", shows: "output" },
  listArtifacts: { method: "GET", path: "/api/jobs/:id/artifacts", role: "viewer" },
  getArtifact: { method: "GET", path: "/api/jobs/:id/artifacts/:name", role: "viewer", shows: "output" },
  jobLogMeta: { method: "GET", path: "/api/jobs/:id/logs/meta", role: "viewer", shows: "output" },
  jobLogBlock: { method: "GET", path: "/api/jobs/:id/logs/blocks/:block", role: "viewer", shows: "output" },
  jobLogRaw: { method: "GET", path: "/api/jobs/:id/logs/raw", role: "viewer", shows: "output" },
  searchJob: { method: "GET", path: "/api/jobs/:id/logs/search", role: "viewer", shows: "output" },
  searchOutput: { method: "GET", path: "/api/search", role: "viewer", shows: "output" },
  listCache: { method: "GET", path: "/api/cache", role: "viewer" },
  pruneCache: { method: "POST", path: "/api/cache/prune", role: "admin" },
  cancelJob: { method: "POST", path: "/api/jobs/:id/cancel", role: "operator" },
  pauseJob: { method: "POST", path: "/api/jobs/:id/pause", role: "operator" },
  resumeJob: { method: "POST", path: "/api/jobs/:id/resume", role: "operator" },
  skipInJob: { method: "POST", path: "/api/jobs/:id/skip", role: "operator" },
  sendInput: { method: "POST", path: "/api/jobs/:id/input", role: "operator" },
  retryJob: { method: "POST", path: "/api/jobs/:id/retry", role: "operator" },
  showUndo: { method: "GET", path: "/api/jobs/:id/undo", role: "viewer" },
  undoJob: { method: "POST", path: "/api/jobs/:id/undo", role: "operator" },
  explainJob: { method: "GET", path: "/api/jobs/:id/explain", role: "viewer" },
  allEvents: { method: "GET", path: "/api/events", role: "viewer" },
  listPlaybooks: { method: "GET", path: "/api/playbooks", role: "viewer" },
  showPlaybook: { method: "GET", path: "/api/playbooks/:name", role: "viewer" },
  planPlaybook: { method: "POST", path: "/api/playbooks/plan", role: "viewer" },
  validatePlaybook: { method: "POST", path: "/api/playbooks/validate", role: "viewer" },
  listScripts: { method: "GET", path: "/api/scripts", role: "viewer" },
  showScript: { method: "GET", path: "/api/scripts/:name", role: "viewer" },
  selectScripts: { method: "POST", path: "/api/scripts/select", role: "viewer" },
  inviteSession: { method: "POST", path: "/api/sessions", role: "admin" },
  listSessions: { method: "GET", path: "/api/sessions", role: "admin" },
  revokeSession: { method: "DELETE", path: "/api/sessions/:id", role: "admin" },
  revokeSessions: { method: "DELETE", path: "/api/sessions", role: "admin" },
  openSession: { method: "POST", path: "/api/session", role: "anyone" },
  showSession: { method: "GET", path: "/api/session", role: "viewer" },
  closeSession: { method: "DELETE", path: "/api/session", role: "viewer" },
  daemonStatus: { method: "GET", path: "/api/daemon", role: "viewer" },
  stopDaemon: { method: "POST", path: "/api/daemon/stop", role: "admin" },
  health: { method: "GET", path: "/api/health", role: "viewer" },
  version: { method: "GET", path: "/api/version", role: "viewer" },
  openapi: { method: "GET", path: "/api/openapi.json", role: "viewer" },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;
