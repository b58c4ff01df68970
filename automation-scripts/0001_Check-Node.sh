#!/usr/bin/env bash
# Stage: Prepare
# Dependencies: None
# Description: Check that this Node can run the project
# Tags: environment, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node --version
node --input-type=module -e '
  const { nodeIsSupported } = await import("./scripts/lib/node-version.mjs");
  if (!nodeIsSupported()) throw new Error(`Node ${process.version} is too old`);
'
