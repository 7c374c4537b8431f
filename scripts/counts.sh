# Sourced by scripts/check and scripts/test: runs steps and sums what passed, failed and was skipped.
# The sums travel as lines `PASSED FAILED SKIPPED` in the file SYNSC_COUNTS; who made it prints them.
counts_owner=
if [ -z "${SYNSC_COUNTS:-}" ]; then
  SYNSC_COUNTS=$(mktemp) || exit 1
  counts_owner=1
  trap 'rm -f "$SYNSC_COUNTS"' EXIT
fi
export SYNSC_COUNTS
failed=0

# step NAME COMMAND…: one check, which passes or fails as a whole.
step() {
  local name=$1
  shift
  if "$@"; then
    printf 'ok      %s\n' "$name"
    echo '1 0 0' >>"$SYNSC_COUNTS"
  else
    printf 'FAILED  %s\n' "$name"
    echo '0 1 0' >>"$SYNSC_COUNTS"
    failed=1
  fi
}

# vitest PROJECT: its tests, counted by test/support/reporter.ts. A run that dies before it could
# report, or fails for another reason than a test, counts as one failure.
vitest() {
  local before after
  before=$(wc -l <"$SYNSC_COUNTS")
  if npx --no-install vitest run --project "$1" --coverage.enabled=false \
    --reporter=default --reporter=./test/support/reporter.ts; then
    after=$(wc -l <"$SYNSC_COUNTS")
    [ "$after" -gt "$before" ] || { echo '0 1 0' >>"$SYNSC_COUNTS"; failed=1; }
  else
    failed=1
    tail -n "+$((before + 1))" "$SYNSC_COUNTS" | awk '{ n += $2 } END { exit n == 0 }' ||
      echo '0 1 0' >>"$SYNSC_COUNTS"
  fi
}

# finish: the last line and the exit code of the script.
finish() {
  if [ -n "$counts_owner" ]; then
    awk '{ p += $1; f += $2; s += $3 }
      END { printf "%d passed, %d failed%s\n", p, f, s ? ", " s " skipped" : ""; exit f > 0 }' "$SYNSC_COUNTS"
    exit
  fi
  exit "$failed"
}
