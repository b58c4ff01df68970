/** The small page of the loopback door, as text. */

export function pageText(nonce: string): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <meta name="csp-nonce" content="${nonce}" />
    <link rel="icon" href="data:," />
    <title>aither</title>
    <style nonce="${nonce}">
      :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
      body { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
      dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
      dt { opacity: 0.7; }
      dd { margin: 0; overflow-wrap: anywhere; }
    </style>
  </head>
  <body>
    <h1>aither</h1>
    <p id="state" role="status">Looking for your session …</p>
    <dl id="facts"></dl>
    <p><button id="leave" type="button" hidden>End this session</button></p>
    <noscript>This page needs JavaScript: it proves to the daemon who you are.</noscript>
    <script src="/assets/open.js"></script>
  </body>
</html>
`;
}

/** Texts become text nodes only. The key is kept per origin, port included, which a cookie is not. */
export const pageScript = `"use strict";
const KEY = "aither.key";
const state = document.getElementById("state");
const facts = document.getElementById("facts");
const leave = document.getElementById("leave");

const ask = async (method, path, body) => {
  const key = localStorage.getItem(KEY);
  const headers = {};
  if (method !== "GET") headers["content-type"] = "application/json";
  if (key !== null) headers["x-aither-key"] = key;
  const answer = await fetch(path, { method, headers, body, credentials: "same-origin" });
  const document = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(document.detail), { status: answer.status, hint: document.hint });
  return document;
};

const say = (text) => {
  state.textContent = text;
};

const row = (name, value) => {
  const term = document.createElement("dt");
  const text = document.createElement("dd");
  term.textContent = name;
  text.textContent = String(value);
  facts.append(term, text);
};

const exchange = async () => {
  const code = location.hash.slice(1);
  if (location.pathname !== "/open" || code === "") return;
  // The code is worth nothing from here on, and shall not stay in the history.
  history.replaceState(null, "", "/");
  const opened = await ask("POST", "/api/session", JSON.stringify({ code }));
  localStorage.setItem(KEY, opened.key);
};

const show = async () => {
  const [{ role, session }, daemon] = await Promise.all([ask("GET", "/api/session"), ask("GET", "/api/daemon")]);
  say("You are in. The dashboard itself is not part of this version; this page shows that the door works.");
  row("daemon", "aitherd " + daemon.version + ", pid " + daemon.pid);
  row("home", daemon.home);
  row("jobs", daemon.jobs.active + " active, " + daemon.jobs.finished + " ended");
  row("your role", role);
  row("your session", session.id + ", until " + new Date(session.expiresAt).toLocaleString());
  leave.hidden = false;
};

leave.addEventListener("click", async () => {
  await ask("DELETE", "/api/session").catch(() => undefined);
  localStorage.removeItem(KEY);
  facts.replaceChildren();
  leave.hidden = true;
  say("This session has ended. aither dashboard opens another.");
});

exchange()
  .then(show)
  .catch((error) => say(error.message + ". " + (error.hint ?? "")));
`;
