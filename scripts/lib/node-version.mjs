// Plain JavaScript: this runs before anything is installed.
const floors = [
  { major: 20, minor: 19 },
  { major: 22, minor: 12 },
];

/** True when this Node is one of those that package.json's `engines` names. */
export function nodeIsSupported(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major >= 24) return true;
  return floors.some((floor) => floor.major === major && minor >= floor.minor);
}
