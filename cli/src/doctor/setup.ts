/** This Node, this installation, and the programs that scripts are run with. Nothing in here writes. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { daemonEntry, findProgram } from "../service/facts.ts";
import { bad, good, warn, type Finding } from "./finding.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** When Node's own maintainers stop mending a line. */
const endOfLife: Readonly<Record<number, string>> = { 20: "2026-04-30", 22: "2027-04-30", 24: "2028-04-30" };

export function nodeFindings(version: string, nowMs: number, env: Env): Finding[] {
  const [major = 0] = version.split(".").map(Number);
  const ends = endOfLife[major];
  const found = [
    ends !== undefined && nowMs > Date.parse(ends)
      ? warn(
          "Node",
          `${version}; this line is not mended any more since ${ends}`,
          "move to a newer line with long-term support",
        )
      : good("Node", ends === undefined ? version : `${version}; mended until ${ends}`),
  ];
  if (env["NODE_EXTRA_CA_CERTS"] && major <= 20)
    found.push(
      warn(
        "NODE_EXTRA_CA_CERTS",
        "is set; Node 20 reads the certificates at every start, which makes each command slower",
        "unset it where you use aither; it speaks to no other machine",
      ),
    );
  return found;
}

export function buildFindings(): Finding[] {
  const entry = daemonEntry();
  const built = join(entry, "..", "..", "dist", "daemon", "main.js");
  return [existsSync(built) ? good("build", entry) : bad("build", `${built} is not there`, "npm run build")];
}

type Program = {
  readonly name: string;
  readonly argv: readonly string[];
  /** What does not work without it. */
  readonly without: string;
  readonly mend: string;
  readonly needed?: true;
};

const interpreters: readonly Program[] = [
  {
    name: "sh",
    argv: ["-c", "echo there"],
    without: "no script can be started",
    mend: "install a POSIX shell",
    needed: true,
  },
  { name: "bash", argv: ["--version"], without: "bash scripts cannot run", mend: "install bash" },
  { name: "pwsh", argv: ["--version"], without: "PowerShell scripts cannot run", mend: "install PowerShell 7" },
  { name: "python3", argv: ["--version"], without: "Python scripts cannot run", mend: "install Python 3" },
  { name: "node", argv: ["--version"], without: "JavaScript scripts cannot run", mend: "put Node on the PATH" },
];

const helpers: readonly Program[] = [
  {
    name: "flock",
    argv: ["--version"],
    without: "a name in the socket space locks the home instead",
    mend: "install util-linux",
  },
  {
    name: "setsid",
    argv: ["--version"],
    without: "the daemon starts each script by itself, which is slower",
    mend: "install util-linux",
  },
];

export async function programFindings(env: Env): Promise<Finding[]> {
  const wanted = process.platform === "linux" ? [...interpreters, ...helpers] : interpreters;
  return Promise.all(wanted.map(async (program) => programFinding(program, env["PATH"] ?? "")));
}

async function programFinding({ name, argv, without, mend, needed }: Program, path: string): Promise<Finding> {
  const refuse = needed ? bad : warn;
  const file = findProgram(process.platform === "win32" ? `${name}.exe` : name, path);
  if (file === null) return refuse(name, `is not on the PATH: ${without}`, mend);
  const told = await firstLine(file, argv);
  if (told === null) return refuse(name, `${file} does not run: ${without}`, mend);
  return good(name, told === "there" ? file : `${file} · ${told}`);
}

const PATIENCE_MS = 15_000;

async function firstLine(file: string, argv: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(file, [...argv], { timeout: PATIENCE_MS, encoding: "utf8" }, (error, stdout) =>
      resolve(error === null ? (stdout.split("\n")[0] ?? "").slice(0, 80) : null),
    );
  });
}
