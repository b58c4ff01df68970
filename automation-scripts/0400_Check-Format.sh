#!/usr/bin/env bash
# Stage: Testing
# Dependencies: 0002
# Description: Check the formatting of all sources
# Tags: static, quick
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/oxfmt --check
