#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Check the types of all packages
# Tags: static, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/tsc -b --pretty false
