#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Find files, exports and dependencies that nothing uses
# Tags: static, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/knip --no-progress --no-config-hints
